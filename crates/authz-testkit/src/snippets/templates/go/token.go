package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

func main() {
	response, err := http.PostForm("{{token_url}}", url.Values{
		"grant_type":    {"client_credentials"},
		"audience":      {"{{audience}}"},
		"scope":         {"{{scope}}"},
		"client_id":     {"{{client_id}}"},
		"client_secret": {"{{client_secret}}"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	fmt.Println(string(body))
	if response.StatusCode >= 400 {
		os.Exit(1)
	}
}
