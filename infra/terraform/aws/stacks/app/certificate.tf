locals {
  # Static keys: what AWS answers is known only while applying.
  names = var.zone_id == "" ? toset([]) : toset(["api.${var.domain}", "admin.${var.domain}"])
}

resource "aws_acm_certificate" "this" {
  count = var.zone_id == "" ? 0 : 1

  domain_name               = "api.${var.domain}"
  subject_alternative_names = ["admin.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  for_each = local.names

  zone_id         = var.zone_id
  name            = one([for option in aws_acm_certificate.this[0].domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.this[0].domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [one([for option in aws_acm_certificate.this[0].domain_validation_options : option.resource_record_value if option.domain_name == each.key])]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = var.zone_id == "" ? 0 : 1

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [for record in aws_route53_record.proof : record.fqdn]
}

locals {
  certificate_arn = var.zone_id == "" ? var.certificate_arn : one(aws_acm_certificate_validation.this[*].certificate_arn)
}
