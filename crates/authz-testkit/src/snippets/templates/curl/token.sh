curl --silent --show-error --include --fail-with-body \
  --globoff --url '{{token_url}}' \
  --data grant_type=client_credentials \
  --data-urlencode 'audience={{audience}}' \
  --data-urlencode 'scope={{scope}}' \
  --data-urlencode 'client_id={{client_id}}' \
  --data-urlencode 'client_secret={{client_secret}}'
