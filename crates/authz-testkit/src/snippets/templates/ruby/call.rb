require "net/http"

response = Net::HTTP.get_response(
  URI("{{url}}"),
  "Authorization" => "Bearer {{token}}",
)
puts response.code, response.body
exit response.is_a?(Net::HTTPSuccess)
