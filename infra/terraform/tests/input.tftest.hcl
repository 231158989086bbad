# Bad input gets a sentence of ours before a provider is asked.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  environment  = "dev"
  kube_context = "docker-desktop"
  kubeconfig   = "tests/fixtures/kubeconfig.yaml"
}

run "an_unknown_environment" {
  command = plan
  variables {
    environment = "qa"
  }
  expect_failures = [var.environment]
}

run "no_environment" {
  command = plan
  variables {
    environment = ""
  }
  expect_failures = [var.environment]
}

run "no_context" {
  command = plan
  variables {
    kube_context = ""
  }
  expect_failures = [var.kube_context]
}

run "a_blank_context" {
  command = plan
  variables {
    kube_context = "  "
  }
  expect_failures = [var.kube_context]
}

run "a_context_that_the_kubeconfig_lacks" {
  command = plan
  variables {
    kube_context = "minikube"
  }
  expect_failures = [terraform_data.environment]
}

run "a_kubeconfig_that_is_not_there" {
  command = plan
  variables {
    kubeconfig = "tests/fixtures/nowhere.yaml"
  }
  expect_failures = [var.kubeconfig]
}

run "two_kubeconfigs_in_one" {
  command = plan
  variables {
    kubeconfig = "tests/fixtures/kubeconfig.yaml:tests/fixtures/kubeconfig.yaml"
  }
  expect_failures = [var.kubeconfig]
}

run "a_file_that_is_no_kubeconfig" {
  command = plan
  variables {
    kubeconfig = "main.tf"
  }
  expect_failures = [terraform_data.environment]
}

run "a_timeout_too_short" {
  command = plan
  variables {
    timeout_seconds = 29
  }
  expect_failures = [var.timeout_seconds]
}

run "a_timeout_too_long" {
  command = plan
  variables {
    timeout_seconds = 3601
  }
  expect_failures = [var.timeout_seconds]
}

run "a_timeout_with_a_fraction" {
  command = plan
  variables {
    timeout_seconds = 60.5
  }
  expect_failures = [var.timeout_seconds]
}

run "a_folder_without_a_chart" {
  command = plan
  variables {
    chart = "environments"
  }
  expect_failures = [var.chart]
}

run "a_values_file_that_is_not_there" {
  command = plan
  variables {
    extra_values = ["tests/fixtures/values/nowhere.yaml"]
  }
  expect_failures = [var.extra_values]
}

run "a_values_file_that_is_no_map" {
  command = plan
  variables {
    extra_values = ["tests/fixtures/values/not-a-map.yaml"]
  }
  expect_failures = [var.extra_values]
}

run "a_namespace_in_capitals" {
  command = plan
  variables {
    namespace = "My-App"
  }
  expect_failures = [var.namespace]
}

run "a_namespace_that_ends_with_a_dash" {
  command = plan
  variables {
    namespace = "my-app-"
  }
  expect_failures = [var.namespace]
}

run "a_namespace_too_long" {
  command = plan
  variables {
    namespace = "a234567890123456789012345678901234567890123456789012345678901234"
  }
  expect_failures = [var.namespace]
}
