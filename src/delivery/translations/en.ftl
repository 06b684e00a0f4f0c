letter-greeting = This is { $issuer }. Thank you for using your card.
letter-no-reply = This mailbox is not read. Please do not reply to this e-mail.
receipt-subject = We have stopped sharing your data ({ $issuer })
receipt-title = Receipt: sharing of data stopped
receipt-lead = { $issuer } has recorded your request not to share your data with outside analysis companies. From the time of recording, nothing more about you is sent.
receipt-recorded = What was recorded
receipt-id = Receipt number
receipt-recorded-at = Recorded
receipt-effective-from = Requested for
receipt-channel = Received
receipt-scope = Cards
receipt-recipient = Companies
receipt-before = What was sent before
receipt-questions = Questions
recipient-all = all analysis companies
scope-all-cards = all cards that you have, and every card that is renewed or added later
scope-listed-cards = the cards that you named
channel-phone = by telephone
channel-web = on the member site
channel-letter = by letter
channel-branch = at a branch
channel-system = by our own system
before-nothing = Nothing had been sent before.
before-count = { $count ->
    [one] once
   *[other] { $count } times
}
before-last = last { $at }
maybe-heading = What may still have been sent
maybe-lead = { $count ->
    [one] One sending began just before your request was recorded, and we do not know whether it went out. We treat it as sent, and record what we learn.
   *[other] { $count } sendings began just before your request was recorded, and we do not know whether they went out. We treat them as sent, and record what we learn.
}
pending-subject = We are checking a request to stop sharing your data ({ $issuer })
pending-lead = Somebody asked us not to share your data with outside analysis companies. We could not make sure that it was you, so we are checking.
pending-at = When:
pending-channel = How:
pending-protects = Until we know, nothing about you is sent to an analysis company. Your card works as before.
pending-was-you = If it was you, sharing has stopped already. Call us, and we will complete your request once we know that it is you.
pending-not-you = If it was not you, please call us at the number below.
contact-phone = Telephone { $phone }
contact-closed = closed { $days }
japan-time = Japan time
gmt-time = GMT
