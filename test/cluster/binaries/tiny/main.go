// Everything that the smallest image of the tests can do. It is the sandbox of every pod too.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	if len(os.Args) < 2 {
		os.Args = []string{"tiny", "pause"}
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command string, args []string) error {
	switch {
	case command == "pause":
		return pause()
	case command == "say":
		fmt.Println(strings.Join(args, " "))
		return nil
	case command == "who":
		return who()
	case command == "read" && len(args) == 1:
		text, err := os.ReadFile(args[0])
		fmt.Print(string(text))
		return err
	case command == "write" && len(args) == 2:
		return os.WriteFile(args[0], []byte(args[1]), 0o660)
	case command == "get" && len(args) == 1:
		return get(args[0])
	case command == "serve" && len(args) == 1:
		return serve(args[0])
	}
	return fmt.Errorf("usage: tiny pause|say WORD...|who|read FILE|write FILE TEXT|get URL|serve ADDRESS")
}

// pause waits to be told to end.
func pause() error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
	return nil
}

// who prints whom the kernel takes this process for.
func who() error {
	status, err := os.ReadFile("/proc/self/status")
	fmt.Print(string(status))
	return err
}

// get asks as the ServiceAccount whose token is mounted, and trusts only the authority that is mounted.
func get(url string) error {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return err
	}
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	fmt.Println(response.StatusCode)
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

// serve answers every request with the same line.
func serve(address string) error {
	return http.ListenAndServe(address, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, "tiny")
	}))
}
