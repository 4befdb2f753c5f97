output "url" {
  description = "What to call."
  value       = "${aws_api_gateway_stage.orders.invoke_url}/orders"
}
