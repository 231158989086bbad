"""What the AWS infrastructure costs in a month: estimated from its sizes and prices, or as AWS says."""
