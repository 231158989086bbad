# One state for each environment: the guide's three applies one after another, in the one state that it has.

mock_provider "helm" {
  mock_resource "helm_release" {
    defaults = {
      # Whole: Terraform fills what is left out of an object, OpenTofu refuses it.
      metadata = {
        app_version    = "1.0"
        chart          = "my-app"
        first_deployed = 0
        last_deployed  = 0
        name           = "dev-apps"
        namespace      = "my-app-dev"
        notes          = "\n  curl http://localhost:30080/health\n\n"
        revision       = 1
        values         = "{}"
        version        = "1.0.0"
      }
    }
  }
}
mock_provider "kubernetes" {}

variables {
  kubeconfig = "tests/fixtures/kubeconfig.yaml"
}

run "dev_is_applied_first" {
  variables {
    environment  = "dev"
    kube_context = "docker-desktop"
  }

  assert {
    condition     = output.access_instructions == "curl http://localhost:30080/health"
    error_message = "access_instructions are what the chart says, without the lines around it"
  }
  assert {
    condition     = output.environment == "dev" && output.namespace == "my-app-dev"
    error_message = "the outputs name the environment and its namespace"
  }
  assert {
    condition     = output.release == { name = "dev-apps", revision = 1, chart_digest = local.chart_digest }
    error_message = "the outputs name the release"
  }
}

run "staging_is_refused_in_the_state_of_dev" {
  command = plan
  variables {
    environment  = "staging"
    kube_context = "staging"
  }
  expect_failures = [terraform_data.environment, check.one_writer]
}

run "prod_is_refused_in_the_state_of_dev" {
  command = plan
  variables {
    environment  = "prod"
    kube_context = "prod"
  }
  expect_failures = [terraform_data.environment, check.one_writer]
}

run "dev_is_still_at_home_there" {
  command = plan
  variables {
    environment  = "dev"
    kube_context = "docker-desktop"
  }

  assert {
    condition     = helm_release.apps.name == "dev-apps" && output.release.revision == 1
    error_message = "nothing was changed by what was refused"
  }
}
