<?php

$request = curl_init("{{token_url}}");
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query([
        "grant_type" => "client_credentials",
        "audience" => "{{audience}}",
        "scope" => "{{scope}}",
        "client_id" => "{{client_id}}",
        "client_secret" => "{{client_secret}}",
    ]),
]);
$body = curl_exec($request);
if ($body === false) {
    fwrite(STDERR, curl_error($request) . "\n");
    exit(1);
}
$status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
echo $status, "\n", $body, "\n";
exit($status < 400 ? 0 : 1);
