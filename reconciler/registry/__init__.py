"""The live registry on AWS; the only room that imports boto3."""
