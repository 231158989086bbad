output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "public_subnets" {
  description = "Availability zone to public subnet."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "private_subnets" {
  description = "Availability zone to private subnet."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "database_subnets" {
  description = "Availability zone to database subnet."
  value       = { for zone, subnet in aws_subnet.database : zone => subnet.id }
}

output "nat_addresses" {
  description = "Availability zone to the public address that its pods show to the internet, for allow lists elsewhere."
  value       = { for zone, address in aws_eip.nat : zone => address.public_ip }
}
