package main

import (
	"context"
	"fmt"
	"strings"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// demoVendor is an emulated vendor of the demo, and what is asked of it.
type demoVendor struct {
	adapter      string // also its name in the demo's configuration, and its route's
	title        string
	model, voice string // the vendor's own ids
	price        string // the demo's price list; empty: the vendor says itself what it charged
}

// demoVendors are all of them, in the order in which they speak. The prices are made up.
func demoVendors() []demoVendor {
	return []demoVendor{
		{adapter: "kugelaudio", title: "KugelAudio", model: "kugel-3.5", voice: "1071"},
		{adapter: "uplift", title: "Uplift AI", voice: "v_8eelc901", price: `unit: character, amount: "0.00002"`},
		{
			adapter: "vogent", title: "Vogent Voicelab",
			voice: "36b87413-6d7b-421d-8745-bc0897770d1e", price: `unit: character, amount: "0.00003"`,
		},
		{
			adapter: "together", title: "Together AI",
			model: "hexgrad/Kokoro-82M", voice: "af_heart", price: `unit: character, amount: "0.000004"`,
		},
		{adapter: "zeligate", title: "Zeligate", voice: "zeli-voice-1", price: `unit: audio_second, amount: "0.0001"`},
	}
}

// demoKey is the account's key at every emulator.
const demoKey = "demo-key"

// refusing is the provider that refuses everyone. Its route goes on with the vendors that speak.
const refusing = "refusing"

// startVendors starts an emulator for each vendor and the one that refuses, and returns their addresses by provider.
// All speak by speaker, if there is one.
func startVendors(vendors []demoVendor, speaker speakerFunc, running *stopper) (map[string]string, error) {
	urls := make(map[string]string)
	for i, v := range vendors {
		url, err := startVendor(v.adapter, emulator.Options{Seed: uint64(i + 1), APIKey: demoKey, Speech: true, Speaker: speaker}, running)
		if err != nil {
			return nil, err
		}
		urls[v.adapter] = url
	}
	refuse, err := emulator.ParseFault("refuse")
	if err != nil {
		return nil, err
	}
	urls[refusing], err = startVendor(vendors[0].adapter, emulator.Options{APIKey: demoKey, Fault: refuse}, running)
	return urls, err
}

func startVendor(vendor string, o emulator.Options, running *stopper) (url string, err error) {
	server, err := emulator.New(vendor, o)
	if err != nil {
		return "", err
	}
	url, err = server.Start("127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("emulate %s: %w", vendor, err)
	}
	running.push("emulator", providerPatience, func(context.Context) error { return server.Close() })
	return url, nil
}

// speakerFunc says a text in real words, at a rate in hertz.
type speakerFunc = func(ctx context.Context, text string, rate int, speed float64) (voice.Spoken, error)

// demoSpeaker is the best voice that is installed as a package of Python's; nil: there is none, and the emulators use what else there is.
func demoSpeaker(running *stopper) speakerFunc {
	hibari, err := voice.StartHibari()
	if err != nil {
		return nil // as on most machines
	}
	running.push("hibari", providerPatience, func(context.Context) error { return hibari.Close() })
	return hibari.Speak
}

// demoPatience is for the program that speaks real words, which takes its time on a busy machine.
const demoPatience = "first_audio_timeout: 10s, hedge_after: 0s"

// demoConfig is the demo's configuration: a route of its own for each vendor, and one whose first target refuses.
func demoConfig(listen string, vendors []demoVendor, urls map[string]string) []byte {
	var providers, routes, ids, prices strings.Builder
	first := vendors[0]
	fmt.Fprintf(&providers, "  %s: {adapter: %s, url: %q, api_key: %s}\n", refusing, first.adapter, urls[refusing], demoKey)
	targets := []string{fmt.Sprintf("{provider: %s, model: %q}", refusing, first.model)}
	fmt.Fprintf(&ids, "      %s: %q\n", refusing, first.voice)
	fmt.Fprintf(&prices, "  - {provider: %s, unit: audio_second, amount: \"0.0009\", currency: EUR}\n", refusing)
	for _, v := range vendors {
		target := fmt.Sprintf("{provider: %s, model: %q}", v.adapter, v.model)
		fmt.Fprintf(&providers, "  %s: {adapter: %s, url: %q, api_key: %s}\n", v.adapter, v.adapter, urls[v.adapter], demoKey)
		fmt.Fprintf(&routes, "  %s: {targets: [%s], %s}\n", v.adapter, target, demoPatience)
		targets = append(targets, target)
		fmt.Fprintf(&ids, "      %s: %q\n", v.adapter, v.voice)
		if v.price != "" {
			fmt.Fprintf(&prices, "  - {provider: %s, %s, currency: EUR}\n", v.adapter, v.price)
		}
	}
	fmt.Fprintf(&routes, "  default: {targets: [%s], %s}\n", strings.Join(targets, ", "), demoPatience)
	return fmt.Appendf(nil, "listen: %s\nlog: {level: error, format: console}\nproviders:\n%sroutes:\n%svoices:\n  narrator:\n    language: en\n    ids:\n%sprices:\n%s",
		listen, &providers, &routes, &ids, &prices)
}
