ask-lead-password = We are checking that the cardholder is making this purchase. Read the details, then enter your password.
ask-lead-totp = We are checking that the cardholder is making this purchase. Read the details, then enter the one-time password that your app shows.
ask-lead-code = We are checking that the cardholder is making this purchase. Read the details, then enter the code that we send you.
ask-lead-passkey = We are checking that the cardholder is making this purchase. Read the details, then confirm with your passkey.
totp = One-time password
totp-hint = The six digits in your authenticator app. Each number works once.
sent-code = Code
sent-code-hint = The six digits that you received. Check that the message names this merchant and this amount.
code-not-sent = We will send a code to { $contact }.
code-on-its-way = We are sending a code to { $contact }. It may take a moment to arrive.
code-handed-over = We have sent a code to { $contact }.
code-expired = The code we sent to { $contact } has expired.
code-failed = We could not deliver a code to { $contact }.
code-send = Send the code
code-send-again = Send a new code
code-sends-left = { $count ->
    [one] You can send 1 more. A new code replaces the last one.
   *[other] You can send { $count } more. A new code replaces the last one.
}
code-no-more = No more codes can be sent.
ways = Confirm in another way
way-password = Enter your password
way-totp = Enter the one-time password from your app
way-email = Send a code by e-mail to { $contact }
way-sms = Send a code by SMS to { $contact }
notice-wrong-code = { $count ->
    [one] That number is wrong. You have 1 try left.
   *[other] That number is wrong. You have { $count } tries left.
}
notice-used-before = { $count ->
    [one] This one-time password was used before. Wait for the next one. You have 1 try left.
   *[other] This one-time password was used before. Wait for the next one. You have { $count } tries left.
}
notice-empty-code = Enter the six digits.
notice-not-six-digits = Enter six digits. You have not lost a try.
notice-other-field = The field of another method was sent. Enter it again. You have not lost a try.
notice-no-code = There is no valid code. Send a new one. You have not lost a try.
notice-too-many-codes = No more codes can be sent. Choose another way, or call us.
notice-way-gone = The way you chose cannot be used now. Choose another one.
undeliverable-title = The code could not be delivered
undeliverable-lead = There is no other way to confirm, so the confirmation has ended. Please check your contact on the member site.
