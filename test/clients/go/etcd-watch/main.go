// etcd-watch measures how fast an etcd hands changes to many watchers, with etcd's own client.
//
// usage: etcd-watch URL WATCHERS PUTS
//
// It opens WATCHERS watches of one prefix, puts PUTS keys of 1 kB with sixteen in flight, and prints the events that
// all watchers got per second, from the first put until the last event.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const inFlight = 16

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "etcd-watch:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: etcd-watch URL WATCHERS PUTS")
	}
	watchers, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	puts, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{args[0]}, DialTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	var seen sync.WaitGroup
	errs := make(chan error, watchers+inFlight)
	for range watchers {
		events := client.Watch(ctx, "fan/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
		if created := <-events; created.Err() != nil {
			return created.Err()
		}
		seen.Add(1)
		go func() {
			defer seen.Done()
			got := 0
			for answer := range events {
				if answer.Err() != nil {
					errs <- answer.Err()
					return
				}
				if got += len(answer.Events); got == puts {
					return
				}
			}
			errs <- fmt.Errorf("a watch ended after %d of %d events", got, puts)
		}()
	}

	value := strings.Repeat("x", 1024)
	keys := make(chan int)
	start := time.Now()
	for range inFlight {
		go func() {
			for i := range keys {
				if _, err := client.Put(ctx, fmt.Sprintf("fan/%d", i%1000), value); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	go func() {
		defer close(keys)
		for i := range puts {
			select {
			case keys <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	done := make(chan struct{})
	go func() { seen.Wait(); close(done) }()
	select {
	case <-done:
	case err := <-errs:
		return err
	}
	select {
	case err := <-errs:
		return err
	default:
	}
	fmt.Printf("%.0f\n", float64(watchers*puts)/time.Since(start).Seconds())
	return nil
}
