mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name              = "my-app-eks-pod-role"
  description       = "Pods"
  oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF"
  service_accounts  = ["my-app-prod:my-app-serviceaccount"]
}

run "bound_to_one_account" {
  command = plan

  assert {
    condition     = local.issuer == "oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF"
    error_message = "The issuer is the provider's ARN without its beginning."
  }

  assert {
    condition     = one([for condition in data.aws_iam_policy_document.trust.statement[0].condition : one(condition.values) if endswith(condition.variable, ":sub")]) == "system:serviceaccount:my-app-prod:my-app-serviceaccount"
    error_message = "The trust names the one service account."
  }
}

run "whole_trust" {
  command = plan

  assert {
    condition = (
      length(data.aws_iam_policy_document.trust.statement) == 1 &&
      data.aws_iam_policy_document.trust.statement[0].actions == toset(["sts:AssumeRoleWithWebIdentity"]) &&
      one(data.aws_iam_policy_document.trust.statement[0].principals).type == "Federated" &&
      one(data.aws_iam_policy_document.trust.statement[0].principals).identifiers == toset([var.oidc_provider_arn])
    )
    error_message = "One statement trusts the cluster's identity provider and nobody else."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.trust.statement[0].condition : "${condition.test} ${condition.variable}" => sort(condition.values) } == {
      "StringEquals ${local.issuer}:aud" = tolist(["sts.amazonaws.com"])
      "StringEquals ${local.issuer}:sub" = tolist(["system:serviceaccount:my-app-prod:my-app-serviceaccount"])
    }
    error_message = "Audience and subject are compared by equality, and nothing else is."
  }
}

run "any_account_of_a_namespace" {
  command = plan

  variables {
    service_accounts = ["my-app-prod:*"]
  }

  expect_failures = [var.service_accounts]
}
