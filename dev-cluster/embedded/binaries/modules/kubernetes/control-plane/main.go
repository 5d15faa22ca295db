// Upstream's servers in one file, as in its former hyperkube: they are mostly the same code, which is in memory, on the
// disk and in a download only once. Each runs when the file is started by its name.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // for the time zones of CronJobs

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	name := filepath.Base(os.Args[0])
	command := newCommand(name)
	if command == nil {
		fmt.Fprintf(os.Stderr, "%s is none of the servers that are in here.\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(command))
}

func newCommand(name string) *cobra.Command {
	switch {
	// Its file's own name: a version follows.
	case strings.HasPrefix(name, "kube-apiserver"):
		return apiserver.NewAPIServerCommand()
	case name == "kube-controller-manager":
		return controllers.NewControllerManagerCommand()
	case name == "kube-scheduler":
		return scheduler.NewSchedulerCommand()
	}
	return nil
}
