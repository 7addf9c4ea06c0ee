curl --silent --show-error --include --fail-with-body \
  --globoff --url '{{url}}' \
  --header 'Authorization: Bearer {{token}}'
