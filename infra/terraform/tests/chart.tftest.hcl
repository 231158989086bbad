# What of the chart and the values reaches the plan. The hash of the first chart stands here as it is: OpenTofu's assertions
# read no other run's outputs.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  environment  = "dev"
  kube_context = "docker-desktop"
  kubeconfig   = "tests/fixtures/kubeconfig.yaml"
}

run "first" {
  command = plan
  variables {
    chart = "tests/fixtures/charts/first"
  }

  assert {
    condition     = one([for entry in helm_release.apps.set : entry.value if entry.name == "chartDigest"]) == "3b3965625921ceafa16c5ea02382c22aacf5283ca123a1936caf60709c1f6ccd"
    error_message = "the release carries the hash of its chart; made in another way, it makes a revision of every release"
  }
  assert {
    condition     = join(" ", local.chart_files) == "Chart.yaml templates/configmap.yaml values.yaml"
    error_message = "hashed is what Helm packs and renders with, without the values files that come by themselves"
  }
}

run "a_changed_template_shows" {
  command = plan
  variables {
    chart = "tests/fixtures/charts/template-changed"
  }

  assert {
    condition     = local.chart_digest != "3b3965625921ceafa16c5ea02382c22aacf5283ca123a1936caf60709c1f6ccd"
    error_message = "the same version and values, another template: another hash"
  }
}

run "a_changed_version_shows" {
  command = plan
  variables {
    chart = "tests/fixtures/charts/version-changed"
  }

  assert {
    condition     = local.chart_digest != "3b3965625921ceafa16c5ea02382c22aacf5283ca123a1936caf60709c1f6ccd"
    error_message = "another version: another hash"
  }
}

run "another_environments_values_and_documents_do_not_show" {
  command = plan
  variables {
    chart = "tests/fixtures/charts/others-changed"
  }

  assert {
    condition     = local.chart_digest == "3b3965625921ceafa16c5ea02382c22aacf5283ca123a1936caf60709c1f6ccd"
    error_message = "what this release does not use must not make a revision of it"
  }
}

run "a_list_of_applications_replaces_the_map" {
  command = plan
  variables {
    extra_values = ["tests/fixtures/values/list.yaml"]
  }

  assert {
    condition     = join(" ", output.managed_applications) == "shop"
    error_message = "as Helm has it: a list takes the place of what was there"
  }
}

run "later_values_switch_off_take_away_and_add" {
  command = plan
  variables {
    environment  = "staging"
    kube_context = "staging"
    extra_values = ["tests/fixtures/values/off.yaml"]
  }

  assert {
    condition     = join(" ", output.managed_applications) == "my-tomorrows-api reports"
    error_message = "admin is off, worker is gone, reports is on by its role's and the defaults' word"
  }
  assert {
    condition     = length(helm_release.apps.values) == 2 && helm_release.apps.values[1] == file("tests/fixtures/values/off.yaml")
    error_message = "and Helm gets the same files in the same order"
  }
  expect_failures = [check.one_writer]
}

run "another_ingress_class_needs_no_readiness_gates" {
  command = plan
  variables {
    environment  = "staging"
    kube_context = "staging"
    extra_values = ["tests/fixtures/values/nginx.yaml"]
  }

  assert {
    condition     = !contains(keys(one(kubernetes_namespace_v1.this[0].metadata).labels), "elbv2.k8s.aws/pod-readiness-gate-inject")
    error_message = "only the AWS controller knows that label"
  }
  expect_failures = [check.one_writer]
}
