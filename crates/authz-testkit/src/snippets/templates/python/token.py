import sys
import urllib.error
import urllib.parse
import urllib.request

form = {
    "grant_type": "client_credentials",
    "audience": "{{audience}}",
    "scope": "{{scope}}",
    "client_id": "{{client_id}}",
    "client_secret": "{{client_secret}}",
}
request = urllib.request.Request(
    "{{token_url}}",
    data=urllib.parse.urlencode(form).encode(),
)
try:
    with urllib.request.urlopen(request) as response:
        print(response.status)
        print(response.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
    print(error.read().decode())
    sys.exit(1)
