"""What makes the calls: boto3, or a path that does less work in each."""
