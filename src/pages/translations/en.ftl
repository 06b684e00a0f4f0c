ask-title = Confirm it’s you
ask-lead = We are checking that the cardholder is making this purchase. Read the details, then enter your password.
error-prefix = Error:
merchant = Merchant
amount = Amount
date = Date of use
card = Card number
card-masked = ending in { $digits }
message = Your personal message
message-hint = These must be the words you registered. If they are not, do not enter your password.
message-withheld = Your personal message is hidden because this card’s confirmation page was opened many times today. If that was not you, do not enter anything and call us.
password = Password
password-hint = The password you registered for this card on the member site.
tries-left = { $count ->
    [one] You have 1 try.
   *[other] You have { $count } tries.
}
submit = Confirm
cancel = Cancel and go back
cancel-close = Cancel
finish-by = Please finish by { $time }.
notice-wrong = { $count ->
    [one] Wrong password. You have 1 try left.
   *[other] Wrong password. You have { $count } tries left.
}
notice-empty = Enter your password.
notice-too-long = That password is too long. Enter it again.
notice-stale = What you sent from an earlier page was not used. Enter your password again. You have not lost a try.
neutral-title = Before you confirm
neutral-lead = Did this page open while you were paying in a shop?
neutral-hint = If you are not buying anything, or a link in an email or message brought you here, close this page.
neutral-continue = Continue to confirm
comparing-title = Checking
comparing-lead = We are checking the password you entered. Wait a moment, then press the button.
comparing-continue = Show the result
passed-title = Thank you, it’s you
passed-lead = Go back to the shop to finish your purchase.
failed-title = We could not confirm it’s you
failed-lead = The password was not confirmed within the allowed number of tries, so this card cannot be used for this purchase.
cancelled-title = Confirmation cancelled
cancelled-lead = The cardholder was not confirmed for this purchase.
expired-title = Time has run out
expired-lead = The confirmation was not finished in time and has ended. To buy, start the payment in the shop again.
return = Return to the shop
return-hint = If you are not taken back by yourself, press the button.
close = You can close this page.
contact = Questions
contact-closed = closed { $days }
failure-not-found-title = Page not found
failure-not-found-lead = The address is not right, or can no longer be used. Go back to the shop and start the payment again.
failure-gone-title = This page has ended
failure-gone-lead = It can no longer be shown. Ask the shop for the result of your purchase.
failure-malformed-title = We could not read what was sent
failure-malformed-lead = Go back to the page before and enter your password again. You have not lost a try.
failure-too-large-title = What was sent is too large
failure-too-large-lead = Go back to the page before and enter your password again. You have not lost a try.
failure-busy-title = We are very busy
failure-busy-lead = Wait a moment and try again. You have not lost a try.
failure-internal-title = Something went wrong on our side
failure-internal-lead = Wait a moment and try again. If it goes on, please call us.
failure-reference = Reference
device-title = Checking your device
japan-time = Japan time
gmt-time = GMT
other-language = 日本語
language-switch = 日本語に切り替える
