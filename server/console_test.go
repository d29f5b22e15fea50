package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/relay/relaytest"
)

// askLocally asks a handler as a program of this machine does.
func askLocally(h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, "http://localhost:8080"+path, strings.NewReader("")), httptest.NewRecorder()
	r.RemoteAddr = relaytest.Loopback.String()
	for name, values := range header {
		r.Header[name] = values
	}
	h.ServeHTTP(w, r)
	return w
}

// The console is served to everybody, says how the relay may be asked, and can be switched off while the relay runs.
func TestConsoleIsServedUnlessItIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adminOnly(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		if w := askLocally(r.http.Handler, http.MethodGet, "/console", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `data-access="key"`) {
			t.Errorf("the console is answered with %d %s", w.Code, w.Body)
		}
		if w := askLocally(r.srv.AdminHandler(), http.MethodGet, "/console", nil); !strings.Contains(w.Body.String(), `data-access="readonly"`) {
			t.Errorf("the operators' console is answered with %d %s", w.Code, w.Body)
		}
		if w := askLocally(r.http.Handler, http.MethodPost, "/console", nil); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("a POST is answered with %d", w.Code)
		}
		cfg := r.cfg
		cfg.Console, cfg.Keys = false, nil
		if _, err := r.srv.Reload(cfg, r.parts); err != nil {
			t.Fatal(err)
		}
		for _, h := range []http.Handler{r.http.Handler, r.srv.AdminHandler()} {
			if w := askLocally(h, http.MethodGet, "/console/main.js", nil); w.Code != http.StatusNotFound {
				t.Errorf("a console that is off is answered with %d", w.Code)
			}
		}
	})
}

// At the operators' address everything can be read without a key, and nothing changed.
func TestOperatorsReadAndChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adminOnly(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		h := r.srv.AdminHandler()
		for _, path := range []string{
			"/v1/relays", "/v1/providers", "/v1/budgets", "/v1/tenants", "/v1/keys", "/v1/usage", "/v1/voices", "/v1/routes", "/v1/failures", "/v1/config",
		} {
			if w := askLocally(h, http.MethodGet, path, nil); w.Code != http.StatusOK {
				t.Errorf("%s is answered with %d %s", path, w.Code, w.Body)
			}
		}
		for method, path := range map[string]string{http.MethodDelete: "/v1/live/x", http.MethodPut: "/v1/demo", http.MethodPost: "/v1/speech"} {
			if w := askLocally(h, method, path, nil); w.Code != http.StatusNotFound {
				t.Errorf("%s %s is answered with %d", method, path, w.Code)
			}
		}
	})
}

// A page that the relay has served may ask it. One of another port of this machine, or of another name, may not.
func TestOwnPageMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{Console: true}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for name, tt := range map[string]struct {
			header http.Header
			want   int
		}{
			"the console":            {http.Header{"Origin": {"http://localhost:8080"}, "Sec-Fetch-Site": {"same-origin"}}, 404},
			"in an old browser":      {http.Header{"Origin": {"http://localhost:8080"}}, 404},
			"another port":           {http.Header{"Origin": {"http://localhost:3000"}, "Sec-Fetch-Site": {"same-site"}}, 403},
			"another site":           {http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, 403},
			"a page without a place": {http.Header{"Origin": {"null"}}, 403},
		} {
			if w := askLocally(r.http.Handler, http.MethodDelete, "/v1/live/x", tt.header); w.Code != tt.want {
				t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
			}
		}
	})
}

// Only a demo can be told to have a vendor break off.
func TestDemoIsToldToBreakOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &fakeDemo{}
		r := newRigWith(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Demo = told })
		put := func(body string) *httptest.ResponseRecorder {
			request, w := httptest.NewRequest(http.MethodPut, "http://localhost/v1/demo", strings.NewReader(body)), httptest.NewRecorder()
			request.RemoteAddr = relaytest.Loopback.String()
			r.http.Handler.ServeHTTP(w, request)
			return w
		}
		if w := put(`{"first_vendor_fails":true}`); w.Code != http.StatusOK || !told.Failing() {
			t.Errorf("it is answered with %d %s", w.Code, w.Body)
		}
		for _, faulty := range []string{`{}`, `{"first_vendor_fails":1}`, `{"first_vendor_fails":true,"x":1}`, strings.Repeat(" ", 2*maxDemoBody) + `{"first_vendor_fails":false}`} {
			if w := put(faulty); w.Code != http.StatusBadRequest || !told.Failing() {
				t.Errorf("%.40s is answered with %d", faulty, w.Code)
			}
		}
		other := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		if w := askLocally(other.http.Handler, http.MethodGet, "/v1/demo", nil); w.Code != http.StatusNotFound {
			t.Errorf("a relay that is no demo answers with %d", w.Code)
		}
	})
}

type fakeDemo struct{ failing bool }

func (d *fakeDemo) Fail(on bool)  { d.failing = on }
func (d *fakeDemo) Failing() bool { return d.failing }
