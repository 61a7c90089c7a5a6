"""What a review sees of a plan: findings, risks, `never` rules, and guards."""
