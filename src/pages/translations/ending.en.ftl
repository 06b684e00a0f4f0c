return-stuck = We could not take you back from here. Go back to the shop’s page yourself: the shop learns the result from us and goes on from there.
left-300 = 5 minutes left.
left-120 = 2 minutes left.
left-60 = 1 minute left.
left-30 = 30 seconds left.
