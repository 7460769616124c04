"""What Foundry needs on AWS beside its functions: CloudFormation templates, and a command that makes stacks of them."""
