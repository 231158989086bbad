# Both providers go to the one cluster that the variables name. The context comes through terraform_data.environment,
# so that nothing is asked of a cluster before the state is known to be that of this environment.
provider "helm" {
  kubernetes = {
    config_path    = pathexpand(var.kubeconfig)
    config_context = local.kube_context
  }
}

provider "kubernetes" {
  config_path    = pathexpand(var.kubeconfig)
  config_context = local.kube_context
}
