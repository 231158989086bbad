terraform {
  # 1.11 is the first that locks a state in S3 by a file beside it, without a DynamoDB table.
  required_version = ">= 1.11"

  # Both looked up on 2026-11-26. helm: the registry's latest by hashicorp/terraform-provider-helm#1876 (2026-09-03).
  # kubernetes: CHANGELOG of hashicorp/terraform-provider-kubernetes; 3.2.1 (2026-06-30) mends 3.2.0, which failed
  # with "Unexpected Identity Change" after an apply that took long.
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "3.3.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "3.2.1"
    }
  }
}
