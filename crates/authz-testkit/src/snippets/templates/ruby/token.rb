require "net/http"

response = Net::HTTP.post_form(
  URI("{{token_url}}"),
  "grant_type" => "client_credentials",
  "audience" => "{{audience}}",
  "scope" => "{{scope}}",
  "client_id" => "{{client_id}}",
  "client_secret" => "{{client_secret}}",
)
puts response.code, response.body
exit response.is_a?(Net::HTTPSuccess)
