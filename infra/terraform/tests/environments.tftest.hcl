# What each environment deploys, and where. Both providers are mocked: no cluster is asked.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  kubeconfig = "tests/fixtures/kubeconfig.yaml"
}

run "dev_has_two_applications" {
  command = plan
  variables {
    environment  = "dev"
    kube_context = "docker-desktop"
  }

  assert {
    condition     = join(" ", output.managed_applications) == "my-tomorrows-api my-tomorrows-worker"
    error_message = "dev runs API and Worker"
  }
  assert {
    condition     = helm_release.apps.name == "dev-apps" && helm_release.apps.namespace == "my-app-dev"
    error_message = "the guide's names: dev-apps in my-app-dev"
  }
  assert {
    condition     = one(helm_release.apps.values) == file("../helmchart/values-dev.yaml")
    error_message = "the values are those of the environment, as they stand in the file"
  }
  assert {
    condition     = helm_release.apps.wait && helm_release.apps.wait_for_jobs && helm_release.apps.atomic && helm_release.apps.timeout == 300
    error_message = "an apply waits for the replicas, and undoes what fails"
  }
  assert {
    condition     = !contains(keys(one(kubernetes_namespace_v1.this[0].metadata).labels), "elbv2.k8s.aws/pod-readiness-gate-inject")
    error_message = "without an Ingress no pod waits for a load balancer"
  }
}

run "staging_has_three_applications" {
  command = plan
  variables {
    environment  = "staging"
    kube_context = "staging"
  }

  assert {
    condition     = join(" ", output.managed_applications) == "my-tomorrows-admin my-tomorrows-api my-tomorrows-worker"
    error_message = "staging runs API, Worker and Admin"
  }
  assert {
    condition     = helm_release.apps.name == "staging-apps" && helm_release.apps.namespace == "my-app-staging"
    error_message = "the guide's names: staging-apps in my-app-staging"
  }
  # flaskship.yaml gives staging to Argo CD.
  expect_failures = [check.one_writer]
}

run "prod_has_four_applications" {
  command = plan
  variables {
    environment  = "prod"
    kube_context = "prod"
  }

  assert {
    condition     = join(" ", output.managed_applications) == "my-tomorrows-admin my-tomorrows-api my-tomorrows-monitoring my-tomorrows-worker"
    error_message = "prod runs API, Worker, Admin and Monitoring"
  }
  assert {
    condition     = helm_release.apps.name == "prod-apps" && helm_release.apps.namespace == "my-app-prod"
    error_message = "the guide's names: prod-apps in my-app-prod"
  }
  assert {
    condition     = one(kubernetes_namespace_v1.this[0].metadata).labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"
    error_message = "behind an AWS load balancer a pod is ready when traffic reaches it"
  }
  expect_failures = [check.one_writer]
}

run "the_namespace_enforces_the_restricted_standard" {
  command = plan
  variables {
    environment  = "dev"
    kube_context = "docker-desktop"
  }

  assert {
    condition = alltrue([
      for mode in ["enforce", "audit", "warn"] :
      one(kubernetes_namespace_v1.this[0].metadata).labels["pod-security.kubernetes.io/${mode}"] == "restricted"
    ])
    error_message = "Pod Security: restricted in every mode"
  }
}

run "every_object_names_terraform_as_its_writer" {
  command = plan
  variables {
    environment  = "dev"
    kube_context = "docker-desktop"
  }

  assert {
    condition     = [for entry in helm_release.apps.set : entry.value if entry.name == "writer"] == ["terraform"]
    error_message = "the chart is told who writes"
  }
  assert {
    condition     = one(kubernetes_namespace_v1.this[0].metadata).annotations["flaskship.dev/writer"] == "terraform"
    error_message = "and the namespace says it itself"
  }
}

run "a_platform_team_may_own_the_namespace" {
  command = plan
  variables {
    environment      = "dev"
    kube_context     = "docker-desktop"
    create_namespace = false
    namespace        = "team-a-dev"
  }

  assert {
    condition     = length(kubernetes_namespace_v1.this) == 0 && helm_release.apps.namespace == "team-a-dev"
    error_message = "the release goes into the namespace that is there"
  }
}
