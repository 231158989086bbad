#!/bin/sh
# A cluster for `make test-cluster` by kind: .github/kind.yaml, metrics, Argo Rollouts and the applications' image.
# Needs kind, kubectl and docker. The kubeconfig is build/kind/kubeconfig; `scripts/kind_cluster.sh down` removes all.
set -eu
cd "$(dirname "$0")/.."
METRICS_SERVER=v0.9.0
ARGO_ROLLOUTS=v1.10.1
here=build/kind
export KUBECONFIG="$PWD/$here/kubeconfig"

if [ "${1:-up}" = down ]; then
  kind delete cluster --name flaskship
  rm -rf "$here"
  exit 0
fi
for tool in kind kubectl docker; do
  command -v "$tool" >/dev/null || { echo "kind_cluster: $tool is missing: install it, or use another cluster: KUBECONFIG=FILE make test-cluster" >&2; exit 4; }
done
mkdir -p "$here"
if ! kind get clusters 2>/dev/null | grep -x flaskship >/dev/null; then
  kind create cluster --config .github/kind.yaml --kubeconfig "$KUBECONFIG" --wait 180s
else
  kind export kubeconfig --name flaskship --kubeconfig "$KUBECONFIG"
fi

# The node's kubelet signs its own certificate, so that the metrics server must not ask who signed it.
kubectl apply --server-side -f "https://github.com/kubernetes-sigs/metrics-server/releases/download/$METRICS_SERVER/components.yaml"
kubectl patch deployment metrics-server -n kube-system --type json \
  -p '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--kubelet-insecure-tls"}]'
kubectl create namespace argo-rollouts --dry-run=client --output yaml | kubectl apply --server-side -f -
kubectl apply --server-side -n argo-rollouts -f "https://github.com/argoproj/argo-rollouts/releases/download/$ARGO_ROLLOUTS/install.yaml"

.venv/bin/flaskship build --load --context kind-flaskship --into kind
kubectl rollout status deployment/metrics-server -n kube-system --timeout 180s
kubectl rollout status deployment/argo-rollouts -n argo-rollouts --timeout 180s
echo "kind_cluster: ready: KUBECONFIG=$KUBECONFIG make test-cluster"
