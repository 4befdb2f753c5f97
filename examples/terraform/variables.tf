variable "authorizer_function_arn" {
  description = "The output AuthorizerFunctionArn of the stack of okta-security-profiles: the alias's ARN."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,128}$", var.authorizer_function_arn))
    error_message = "Must be the ARN of a Lambda function with an alias."
  }
}

variable "profile_root" {
  description = "The parameter ProfileRoot of that stack."
  type        = string
  default     = "/okta-security-profiles"
}

variable "issuer" {
  description = "The Issuer URI of your custom authorization server, such as https://acme.okta.com/oauth2/default."
  type        = string

  validation {
    condition     = startswith(var.issuer, "https://")
    error_message = "Must begin with https://."
  }
}

variable "audience" {
  description = "The Audience of your custom authorization server."
  type        = string
  default     = "api://orders"
}

variable "scope" {
  description = "The scope that every token must hold."
  type        = string
  default     = "CustomScope"
}
