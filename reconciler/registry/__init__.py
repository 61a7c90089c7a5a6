"""The live registry on AWS; the only package that imports boto3."""
