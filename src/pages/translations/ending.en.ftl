return-stuck = We could not take you back from here. Go back to the shop’s page yourself: your purchase goes on there. You need not confirm again.
left-300 = 5 minutes left.
left-120 = 2 minutes left.
left-60 = 1 minute left.
left-30 = 30 seconds left.
