resource "aws_ecr_repository" "this" {
  # checkov:skip=CKV_AWS_136:Images hold no secrets: the registry's own encryption serves, and pulling needs no key.
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_delete

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Layers and images without a tag go after a week"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The newest ${var.keep_releases} stay"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep_releases }
        action       = { type = "expire" }
      },
    ]
  })
}

# What another account's nodes need of this one beside their own right to pull: its layers, and nothing that writes.
resource "aws_ecr_repository_policy" "readers" {
  count = length(var.readers) > 0 ? 1 : 0

  repository = aws_ecr_repository.this.name
  policy     = data.aws_iam_policy_document.readers.json
}

data "aws_partition" "this" {}

data "aws_iam_policy_document" "readers" {
  statement {
    sid     = "Pull"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "AWS"
      identifiers = [for account in sort(tolist(var.readers)) : "arn:${data.aws_partition.this.partition}:iam::${account}:root"]
    }
  }
}
