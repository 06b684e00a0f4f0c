help-link = About this page, and help
help-opens = (opens in a new window)
help-title = Confirming purchases: questions and help
help-lead = About the page on which we check, when you buy something online, that it is really you.
help-urgent = If your card is lost, or you notice a purchase or a code that you know nothing about, call us at once:
help-what = What is checked, and why
help-what-why = So that nobody else can buy with your card, even somebody who knows its number.
help-what-how = At every purchase we look at details such as the amount, the shop and the device, to see whether it may be fraud. Mostly you can simply go on. Only when it is needed do we ask you to confirm.
help-what-ways = You confirm with one of these. Which of them you can use depends on what is registered for the card.
help-way-password = Password: the one you registered for that card on the member site
help-way-totp = One-time password: the six digits in your authenticator app
help-way-code = Code: six digits that we send to your registered e-mail address or mobile telephone
help-message = What the personal message is for
help-message-what = It lets you see that the page is genuine. Nobody but you and { $issuer } knows these words. Where you see the words you registered, the page is ours.
help-message-other = If the words are different, or missing where you always saw them, enter nothing, close the page and call us.
help-message-own = When you register, we choose words for the time being. Change them to your own on the member site, and tell them to nobody.
help-message-hidden = If a card’s confirmation page was opened many times in a day, we may hide the words to be safe. The page says so then.
help-care = Before you enter anything
help-care-purchase = Are the shop, the amount and the last four digits of the card those of your purchase?
help-care-code = The message with a code names the shop and the amount. If they are not those of your purchase, do not enter the code.
help-care-never = We never send you a link to this page by e-mail or SMS, and nobody who works for us ever asks for your password or a code.
help-care-time = { $minutes ->
    [one] Please finish within a minute.
   *[other] Please finish within { $minutes } minutes.
}
help-care-tries = { $count ->
    [one] You have one try.
   *[other] You have { $count } tries.
}
help-refused = If a purchase was refused
help-refused-sorry = To stop fraud we sometimes turn back a purchase that really was yours. We are sorry for the trouble. So that nobody can misuse it, neither the page nor the shop is told exactly why.
help-refused-wrong = If you mistyped, or time ran out, start the payment in the shop again. If you have forgotten your password, you can set a new one on the member site.
help-refused-code = If no code arrives, look into your spam folder and check your reception, then send a new one. You can also choose another way.
help-refused-unregistered = A card that is not registered on the member site may not be able to confirm. Once it is registered, you can use it for your next purchase.
help-refused-else = If it still does not work, or you were refused without being asked, call us. We listen, make sure that it is you, and help you on.
help-member-site = To the member site
help-lost = If your card is lost, or you know nothing of it
help-lost-call = If your card is lost or stolen, call us at once. We will stop it.
help-lost-unknown = If this page opened or a code arrived while you were not buying anything, enter nothing and call us. Tell the code to nobody.
