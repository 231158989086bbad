# Bucket and region come from `terraform init -backend-config`, the key names stack and environment: see README.md.
terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
