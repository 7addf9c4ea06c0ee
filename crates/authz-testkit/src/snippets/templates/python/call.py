import sys
import urllib.error
import urllib.request

request = urllib.request.Request(
    "{{url}}",
    headers={"Authorization": "Bearer {{token}}"},
)
try:
    with urllib.request.urlopen(request) as response:
        print(response.status)
        print(response.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
    print(error.read().decode())
    sys.exit(1)
