package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// gauges are metrics in Prometheus's own data model. The registry of client_golang does no
// more for a file that is written once, but collects what the process itself is doing, and
// sets that up at every start.
type gauges []*gauge

// gauge is one metric, with a sample for each combination of its labels' values.
type gauge struct {
	family  dto.MetricFamily
	labels  []string
	samples map[string]*float64
}

func (all *gauges) gauge(name, help string, labels ...string) *gauge {
	name = "revprobe_" + name
	g := &gauge{family: dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}, labels: labels, samples: map[string]*float64{}}
	*all = append(*all, g)
	return g
}

func (g *gauge) set(to float64, values ...string) { *g.sample(values) = to }

func (g *gauge) add(n float64, values ...string) { *g.sample(values) += n }

// sample returns the sample with these labels, which is 0 where there was none.
func (g *gauge) sample(values []string) *float64 {
	key := strings.Join(values, "\xff") // which is in no label
	if value, known := g.samples[key]; known {
		return value
	}
	m := &dto.Metric{Gauge: &dto.Gauge{Value: new(float64)}}
	for i, name := range g.labels {
		m.Label = append(m.Label, &dto.LabelPair{Name: &name, Value: &values[i]})
	}
	slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	g.family.Metric = append(g.family.Metric, m)
	g.samples[key] = m.Gauge.Value
	return m.Gauge.Value
}

// write writes those that have samples, in the order of their names and labels.
func (all gauges) write(w io.Writer) error {
	slices.SortFunc(all, func(a, b *gauge) int { return cmp.Compare(a.family.GetName(), b.family.GetName()) })
	for _, g := range all {
		slices.SortFunc(g.family.Metric, func(a, b *dto.Metric) int {
			return slices.CompareFunc(a.Label, b.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetValue(), b.GetValue()) })
		})
		if len(g.family.Metric) == 0 {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(w, &g.family); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}
