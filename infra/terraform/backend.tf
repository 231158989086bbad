# Where states are kept. On one machine: a file for each workspace, so that `terraform init` needs no argument.
# A team keeps them in S3: backend_override.tf.example, copied to backend_override.tf, takes this block's place.
terraform {
  backend "local" {}
}
