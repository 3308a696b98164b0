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
	"strconv"
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
	case command == "exit" && len(args) >= 1:
		return exit(args[0], args[1:])
	case command == "die":
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case command == "count" && len(args) == 1:
		return count(args[0])
	case command == "flood" && len(args) == 1:
		return flood(args[0])
	case command == "tally" && len(args) == 1:
		return tally(args[0])
	case command == "freeze" && len(args) == 1:
		return freeze(args[0])
	case command == "thaw" && len(args) == 1:
		return thaw(args[0])
	}
	return fmt.Errorf("usage: tiny pause|say WORD...|who|read FILE|write FILE TEXT|get URL|serve ADDRESS|exit CODE WORD...|die|count LINES|flood LINES|tally FILE|freeze FILE|thaw FILE")
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

// exit complains on standard error and ends with a code.
func exit(code string, words []string) error {
	number, err := strconv.Atoi(code)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, strings.Join(words, " "))
	os.Exit(number)
	return nil
}

// count says a number, and 20 ms later the next.
func count(lines string) error {
	last, err := strconv.Atoi(lines)
	for number := 1; number <= last; number++ {
		fmt.Println(number)
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// flood says more than anybody wants to know.
func flood(lines string) error {
	last, err := strconv.Atoi(lines)
	line := strings.Repeat("é", 512) + "\n"
	for number := 1; number <= last; number++ {
		fmt.Print(line)
	}
	return err
}

const tallyPause = 20 * time.Millisecond

// tally is an application with data: it goes on counting in a file, until it is told to end.
func tally(file string) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	text, _ := os.ReadFile(file)
	number, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	for {
		select {
		case <-end:
			return nil
		case <-time.After(tallyPause):
		}
		if _, err := os.Stat(file + ".frozen"); err == nil {
			continue
		}
		number++
		if err := os.WriteFile(file, []byte(strconv.Itoa(number)+"\n"), 0o660); err != nil {
			return err
		}
	}
}

// freeze keeps a tally still, and says so in its log.
func freeze(file string) error {
	if err := os.WriteFile(file+".frozen", nil, 0o660); err != nil {
		return err
	}
	// What had begun has ended by then.
	time.Sleep(10 * tallyPause)
	return note(file, "freeze")
}

// thaw lets it go on.
func thaw(file string) error {
	if err := os.Remove(file + ".frozen"); err != nil && !os.IsNotExist(err) {
		return err
	}
	return note(file, "thaw")
}

func note(file, line string) error {
	log, err := os.OpenFile(file+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o660)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = fmt.Fprintln(log, line)
	return err
}
