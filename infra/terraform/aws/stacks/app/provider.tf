provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = var.project
      Environment = var.environment
      Stack       = "app"
      ManagedBy   = "terraform"
    }
  }
}

# The same once more for the random secrets: tests cannot mock a provider that makes ephemeral values.
provider "aws" {
  alias  = "values"
  region = var.region

  default_tags {
    tags = {
      Project     = var.project
      Environment = var.environment
      Stack       = "app"
      ManagedBy   = "terraform"
    }
  }
}
