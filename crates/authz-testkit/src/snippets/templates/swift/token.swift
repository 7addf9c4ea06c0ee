import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

let form = [
    "grant_type": "client_credentials",
    "audience": "{{audience}}",
    "scope": "{{scope}}",
    "client_id": "{{client_id}}",
    "client_secret": "{{client_secret}}",
]
let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
let body = form
    .map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: unreserved)!)" }
    .joined(separator: "&")

var request = URLRequest(url: URL(string: "{{token_url}}")!)
request.httpMethod = "POST"
request.httpBody = Data(body.utf8)
request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
let (data, response) = try await URLSession.shared.data(for: request)
let status = (response as! HTTPURLResponse).statusCode
print(status)
print(String(decoding: data, as: UTF8.self))
exit(status < 400 ? 0 : 1)
