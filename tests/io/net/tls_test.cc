// The TLS layer: plain bytes whole and in order, however records are cut; ends; bounds.
#include "tests/io/net/tls_fixture.h"

#include "io/net/tls_priv.h"

#include <random>

namespace
{

std::string noise(size_t size, std::mt19937_64 &random)
{
    std::string s(size, '\0');
    for (char &c : s)
        c = char(random());
    return s;
}

class Tls : public TlsFixture
{
  protected:
    Tls()
    {
        EXPECT_EQ(configure(), "");
    }
};

// Every cut of a whole conversation, from one byte a receive to all at once.
TEST_F(Tls, RecordsCutAtEveryByte)
{
    const std::string question(700, 'q'), answer(500, 'a');
    for (const size_t piece : {1, 2, 3, 5, 16, 17, 100, 1000, 100000}) {
        restart();
        End &e = accept();
        e.client = client();
        shake(e);
        e.client->to_write = question;
        exchange(e, piece);
        EXPECT_EQ(e.got, question) << "pieces of " << piece;
        const iovec iov[] = {{const_cast<char *>(answer.data()), 200},
                             {const_cast<char *>(answer.data()) + 200, 0},
                             {const_cast<char *>(answer.data()) + 200, 300}};
        net_send(n, &e.conn, iov, 3);
        while (e.sent == 0)
            exchange(e, piece);
        exchange(e, piece);
        EXPECT_EQ(e.client->got, answer);
        EXPECT_EQ(e.sent_error, 0);
    }
}

// Many connections with much to say both ways, on a net that cuts, delays and reorders.
TEST_F(Tls, AnySchedule)
{
    enum { ROUNDS = 12, CONNS = 6 };
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < ROUNDS; round++) {
        restart(random());
        std::vector<std::string> asked, told;
        for (int i = 0; i < CONNS; i++) {
            End &e = accept();
            e.client = client();
            asked.push_back(noise(random() % 60'000, random));
            told.push_back(noise(1 + random() % 200'000, random));
            e.client->to_write = asked.back();
        }
        std::vector<std::vector<iovec>> sends(CONNS);
        for (size_t i = 0; i < CONNS; i++) {
            for (size_t at = 0; at < told[i].size();) {
                const size_t size = std::min(told[i].size() - at, 1 + random() % 20'000);
                sends[i].push_back({told[i].data() + at, size});
                at += size;
            }
            // Before the handshake: it waits for that.
            net_send(n, &ends[i]->conn, sends[i].data(), uint32_t(sends[i].size()));
        }
        bool done = false;
        for (int turn = 0; turn < 100'000 && !done; turn++) {
            done = true;
            for (size_t i = 0; i < CONNS; i++) {
                End &e = *ends[i];
                fake->send(e.fd, e.client->step(fake->take(e.fd)));
                done &= e.got == asked[i] && e.client->got == told[i] && e.sent == 1;
            }
            step(1 + int(random() % 9));
        }
        ASSERT_TRUE(done) << "round " << round;
        for (auto &e : ends)
            detach(*e);
        for (int turn = 0; turn < 1000 && !std::all_of(ends.begin(), ends.end(),
                                                       [](auto &e) { return e->closed == 1; });
             turn++)
            step();
        for (auto &e : ends)
            EXPECT_EQ(e->closed, 1);
    }
}

TEST_F(Tls, GarbageEndsTheConnection)
{
    std::mt19937_64 random(test_seed());
    const std::string plain = "*1\r\n$4\r\nPING\r\n";
    for (int i = 0; i < 60; i++) {
        End &e = accept();
        fake->send(e.fd, i == 0 ? plain : noise(1 + random() % 400, random) + "\n\n\n\n\n");
        if (i % 3 == 0)
            fake->end(e.fd);
        for (int turn = 0; turn < 4; turn++)
            step();
        if (i % 3 == 0 || i == 0) {
            EXPECT_EQ(e.eof, 1);
        }
        EXPECT_EQ(e.got, "");
        detach(e);
    }
    step();
    for (auto &e : ends)
        EXPECT_EQ(e->closed, 1);
}

// A bit that is wrong in a sealed record: what came before it is told, then the end.
TEST_F(Tls, ARecordThatWasTouchedIsNotTold)
{
    End &e = accept();
    e.client = client();
    shake(e);
    e.client->to_write = "good";
    const std::string good = e.client->step(fake->take(e.fd));
    e.client->to_write = "evil";
    std::string evil = e.client->step("");
    evil[evil.size() - 3] = char(evil[evil.size() - 3] ^ 1);
    fake->send(e.fd, good + evil);
    step();
    EXPECT_EQ(e.got, "good");
    while (e.eof == 0)
        ASSERT_GT(step(), 0);
    EXPECT_EQ(e.eof_error, -EPROTO);
    fake->send(e.fd, good);
    step();
    EXPECT_EQ(e.got, "good");
}

TEST_F(Tls, AnOrderlyEndBehindTheLastBytes)
{
    End &e = accept();
    e.client = client();
    shake(e);
    e.client->to_write = "last";
    std::string bytes = e.client->step(fake->take(e.fd));
    SSL_shutdown(e.client->ssl);
    bytes += e.client->pending();
    fake->send(e.fd, bytes);
    fake->end(e.fd);
    for (int i = 0; i < 4; i++)
        step();
    EXPECT_EQ(e.got, "last");
    EXPECT_EQ(e.eof, 1);
    EXPECT_EQ(e.eof_error, 0);
    // What is owed still goes out.
    const iovec iov = {const_cast<char *>("bye"), 3};
    net_send(n, &e.conn, &iov, 1);
    step();
    step();
    EXPECT_EQ(e.sent, 1);
    (void)e.client->step(fake->take(e.fd));
    EXPECT_EQ(e.client->got, "bye");
}

// Y3: a peer that does not read holds little that is sealed, whatever the owner sends.
TEST_F(Tls, SealsNoFurtherAheadThanAFlight)
{
    End &e = accept();
    e.client = client();
    shake(e);
    fake->hold_sends(true);
    const std::string large(5 << 20, 'x');
    const iovec iov = {const_cast<char *>(large.data()), large.size()};
    net_send(n, &e.conn, &iov, 1);
    for (int i = 0; i < 5; i++)
        step();
    EXPECT_GT(fake->in_flight(e.fd), 0u);
    EXPECT_LE(fake->in_flight(e.fd), size_t{TLS_FLIGHT} + TLS_RECORD + 512);
    EXPECT_EQ(e.sent, 0);
    fake->hold_sends(false);
    while (e.sent == 0) {
        ASSERT_LE(fake->in_flight(e.fd), size_t{TLS_FLIGHT} + TLS_RECORD + 512);
        exchange(e);
    }
    exchange(e);
    EXPECT_TRUE(e.client->got == large);
}

TEST_F(Tls, NothingToSendIsSentToo)
{
    End &e = accept();
    e.client = client();
    shake(e);
    const iovec none = {nullptr, 0};
    net_send(n, &e.conn, &none, 1);
    step();
    EXPECT_EQ(e.sent, 1);
    net_send(n, &e.conn, nullptr, 0);
    step();
    EXPECT_EQ(e.sent, 2);
}

TEST_F(Tls, ASendThatFailsIsToldOnce)
{
    End &e = accept();
    e.client = client();
    shake(e);
    fake->hold_sends(true);
    const iovec iov = {const_cast<char *>("x"), 1};
    net_send(n, &e.conn, &iov, 1);
    fake->cut(e.fd, -ECONNRESET);
    fake->hold_sends(false);
    for (int i = 0; i < 5; i++)
        step();
    EXPECT_EQ(e.sent, 1);
    EXPECT_EQ(e.sent_error, -ECONNRESET);
    EXPECT_EQ(e.eof, 1);
}

// Handshakes take turns: others are heard in each wait, and all of them come to an end (Y4).
TEST_F(Tls, ManyHandshakesAtOnce)
{
    enum { MANY = 120 };
    End &old = accept();
    old.client = client();
    shake(old);
    for (int i = 0; i < MANY; i++) {
        End &e = accept();
        e.client = client();
        fake->send(e.fd, e.client->step(""));
    }
    size_t heard = 0;
    int up = 0;
    for (int turn = 0; turn < 2000 && up < MANY; turn++) {
        old.client->to_write = "hello";
        fake->send(old.fd, old.client->step(fake->take(old.fd)));
        step(256);
        heard += 5;
        ASSERT_EQ(old.got.size(), heard) << "an established client waits behind handshakes";
        up = 0;
        for (size_t i = 1; i < ends.size(); i++) {
            fake->send(ends[i]->fd, ends[i]->client->step(fake->take(ends[i]->fd)));
            up += net_tls_is_up(&ends[i]->conn);
        }
    }
    EXPECT_EQ(up, MANY);
}

// A flood before the handshake's turn is not kept without bound.
TEST_F(Tls, EarlyBytesStopTheReading)
{
    End &e = accept();
    e.client = client();
    std::string hello = e.client->step("");
    fake->send(e.fd, hello.substr(0, hello.size() - 1));
    step();
    fake->send(e.fd, hello.substr(hello.size() - 1));
    shake(e);
    e.client->to_write = std::string(300'000, 'e');
    for (int i = 0; i < 50 && e.got.size() < 300'000; i++)
        exchange(e, 40'000);
    EXPECT_EQ(e.got.size(), 300'000u);
}

// The pipeline behind a client's last word of the handshake comes with it.
TEST_F(Tls, BytesBehindTheHandshake)
{
    End &e = accept();
    e.client = client();
    fake->send(e.fd, e.client->step(""));
    step();
    step();
    e.client->to_write = std::string(50'000, 'p');
    std::string flight = e.client->step(fake->take(e.fd));
    ASSERT_TRUE(e.client->up);
    flight += e.client->step("");
    fake->send(e.fd, flight);
    fake->end(e.fd);
    for (int i = 0; i < 10; i++)
        step(2);
    EXPECT_EQ(e.got.size(), 50'000u);
    EXPECT_EQ(e.eof, 1);
}

TEST_F(Tls, PausedConnectionsHearNothing)
{
    End &e = accept();
    e.client = client();
    shake(e);
    net_pause(n, &e.conn);
    e.client->to_write = "later";
    exchange(e);
    EXPECT_EQ(e.got, "");
    net_resume(n, &e.conn);
    step();
    EXPECT_EQ(e.got, "later");
}

// Both ends are ours.
TEST_F(Tls, ADialledConnection)
{
    for (int seeded = 0; seeded < 5; seeded++) {
        restart(seeded ? std::optional<uint64_t>(test_seed() + uint64_t(seeded)) : std::nullopt);
        End &server = accept(TLS_AUTH_YES);
        End &dial = attach(tls_session_new(holder, TLS_CLIENT, TLS_AUTH_NO));
        const iovec ask = {const_cast<char *>("ask"), 3}, answer = {const_cast<char *>("ok"), 2};
        net_send(n, &dial.conn, &ask, 1);
        net_send(n, &server.conn, &answer, 1);
        for (int i = 0; i < 2000 && (server.got != "ask" || dial.got != "ok"); i++) {
            step();
            fake->send(server.fd, fake->take(dial.fd));
            fake->send(dial.fd, fake->take(server.fd));
        }
        EXPECT_EQ(server.got, "ask");
        EXPECT_EQ(dial.got, "ok");
    }
}

TEST_F(Tls, OldConnectionsKeepTheirContext)
{
    End &old = accept();
    old.client = client();
    shake(old);
    certificates->make("other");
    name("other");
    ASSERT_EQ(configure(), "");
    End &fresh = accept();
    fresh.client = client();
    shake(fresh);
    char text[64];
    X509 *shown = SSL_get1_peer_certificate(fresh.client->ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, text, sizeof text);
    X509_free(shown);
    EXPECT_STREQ(text, "other");
    old.client->to_write = "still";
    exchange(old);
    EXPECT_EQ(old.got, "still");
    tls_holder_put(holder, nullptr);
    EXPECT_EQ(tls_session_new(holder, TLS_SERVER, TLS_AUTH_NO), nullptr);
    old.client->to_write = "there";
    exchange(old);
    EXPECT_EQ(old.got, "stillthere");
}

// --- who is let in ---

struct Guest {
    const char *what;
    const char *who; // NULL: shows no certificate
    bool no, yes, optional;
};

class TlsAuth : public Tls, public testing::WithParamInterface<Guest>
{
};

TEST_P(TlsAuth, WhoIsLetIn)
{
    lk::Certificates::Options o;
    o.until_s = -60;
    certificates->make("expired", o);
    o = {};
    o.from_s = 3600;
    certificates->make("early", o);
    o = {};
    o.authority = true;
    certificates->make("middle", o);
    o = {};
    o.signer = "middle";
    certificates->make("chainless", o);
    o.append_signer = true;
    certificates->make("chained", o);
    o = {};
    o.signer = "stranger";
    o.authority = true;
    certificates->make("stranger", o);
    const Guest &g = GetParam();
    const std::pair<tls_auth, bool> rows[] = {
        {TLS_AUTH_NO, g.no}, {TLS_AUTH_YES, g.yes}, {TLS_AUTH_OPTIONAL, g.optional}};
    for (const auto &[auth, in] : rows) {
        End &e = accept(auth);
        e.client = client(g.who);
        e.client->to_write = "hello";
        for (int i = 0; i < 20 && e.eof == 0 && e.got.empty(); i++)
            exchange(e);
        EXPECT_EQ(e.got, in ? "hello" : "") << g.what << ", mode " << auth;
        EXPECT_EQ(e.eof, in ? 0 : 1) << g.what << ", mode " << auth;
        EXPECT_EQ(net_tls_is_up(&e.conn), in);
        if (in)
            continue;
        exchange(e);
        EXPECT_TRUE(e.client->failed) << "it is told so by an alert";
    }
}

INSTANTIATE_TEST_SUITE_P(Guests, TlsAuth,
                         testing::Values(Guest{"a good one", "client", true, true, true},
                                         Guest{"none", nullptr, true, false, true},
                                         Guest{"its time is over", "expired", true, false, false},
                                         Guest{"its time is to come", "early", true, false, false},
                                         Guest{"a stranger's", "stranger", true, false, false},
                                         Guest{"a link lacks", "chainless", true, false, false},
                                         Guest{"a whole chain", "chained", true, true, true}));

// --- contexts that are refused ---

TEST_F(Tls, BadSettingsAreRefusedWhole)
{
    lk::Certificates::Options locked;
    locked.password = "1234";
    certificates->make("locked", locked);
    certificates->make("other");
    const std::string none = dir + "/none", key = certificates->key("other"),
                      enc_crt = certificates->crt("locked"), enc = certificates->key("locked"),
                      junk = certificates->key("ca");
    const tls_settings good = settings;
    struct {
        const char *what;
        void (*change)(tls_settings *, const char *);
        std::string with, why;
    } rows[] = {
        {"no certificate", [](tls_settings *s, const char *) { s->cert_file = nullptr; }, "",
         "No tls-cert-file configured!"},
        {"no key", [](tls_settings *s, const char *) { s->key_file = nullptr; }, "",
         "No tls-key-file configured!"},
        {"no authority", [](tls_settings *s, const char *) { s->ca_file = nullptr; }, "",
         "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"},
        {"no such file", [](tls_settings *s, const char *p) { s->cert_file = p; }, none,
         "Failed to load certificate: " + none + ": error:80000002:system library::No such file"},
        {"a key as certificate", [](tls_settings *s, const char *p) { s->cert_file = p; }, key,
         "Failed to load certificate: "},
        {"another's key", [](tls_settings *s, const char *p) { s->key_file = p; }, key,
         "Failed to load private key: "},
        {"no authority's file", [](tls_settings *s, const char *p) { s->ca_file = p; }, none,
         "Failed to configure CA certificate(s) file/directory: "},
        {"protocols", [](tls_settings *s, const char *p) { s->protocols = p; }, "TLSv1.2 SSLv9",
         "Invalid tls-protocols specified."},
        {"ciphers", [](tls_settings *s, const char *p) { s->ciphers = p; }, "nope",
         "Failed to configure ciphers: nope"},
        {"suites", [](tls_settings *s, const char *p) { s->ciphersuites = p; }, "nope",
         "Failed to configure ciphersuites: nope"},
        {"no DH file", [](tls_settings *s, const char *p) { s->dh_file = p; }, none,
         "Failed to load " + none + ": No such file"},
        {"no DH in it", [](tls_settings *s, const char *p) { s->dh_file = p; }, junk,
         junk + ": failed to read DH params."},
        {"client's key", [](tls_settings *s, const char *p) { s->client_key_file = p; }, none, ""},
    };
    for (auto &r : rows) {
        settings = good;
        r.change(&settings, r.with.c_str());
        const std::string why = configure();
        EXPECT_EQ(why.substr(0, r.why.size()), r.why) << r.what << ": " << why;
    }
    settings = good;
    settings.cert_file = enc_crt.c_str();
    settings.key_file = enc.c_str();
    EXPECT_NE(configure().find("Failed to load private key: "), std::string::npos);
    settings.key_pass = bytes_cstr("wrong");
    EXPECT_NE(configure().find("Failed to load private key: "), std::string::npos);
    settings.key_pass = bytes_cstr("1234");
    EXPECT_EQ(configure(), "");
    // The one that was put last is still there, whatever was refused.
    End &e = accept();
    e.client = client();
    shake(e);
}

TEST_F(Tls, VersionsAsToldAndNoOthers)
{
    const struct {
        const char *words;
        int version;
        bool in;
    } rows[] = {
        {nullptr, TLS1_2_VERSION, true},
        {nullptr, TLS1_3_VERSION, true},
        {"TLSv1.2", TLS1_2_VERSION, true},
        {"TLSv1.2", TLS1_3_VERSION, false},
        {"tlsv1.3", TLS1_3_VERSION, true},
        {"TLSv1.3", TLS1_2_VERSION, false},
        {" TLSv1.3  TLSv1.2 ", TLS1_2_VERSION, true},
    };
    for (const auto &r : rows) {
        settings.protocols = r.words;
        ASSERT_EQ(configure(), "");
        End &e = accept();
        e.client = client();
        SSL_set_min_proto_version(e.client->ssl, r.version);
        SSL_set_max_proto_version(e.client->ssl, r.version);
        for (int i = 0; i < 10; i++)
            exchange(e);
        EXPECT_EQ(net_tls_is_up(&e.conn), r.in) << (r.words ? r.words : "-") << " " << r.version;
    }
}

// A client of TLS 1.2 that begins anew is told no, and the connection stays as it was.
TEST_F(Tls, NoRenegotiation)
{
    settings.protocols = "TLSv1.2";
    ASSERT_EQ(configure(), "");
    End &e = accept();
    e.client = client();
    shake(e);
    ASSERT_EQ(SSL_renegotiate(e.client->ssl), 1);
    (void)SSL_do_handshake(e.client->ssl);
    fake->send(e.fd, e.client->pending());
    for (int i = 0; i < 5; i++)
        step();
    (void)e.client->step(fake->take(e.fd));
    EXPECT_EQ(e.got, "");
    EXPECT_TRUE(net_tls_is_up(&e.conn));
}

TEST_F(Tls, SessionsAreTakenUpAgainUnlessToldNot)
{
    for (const bool caching : {true, false}) {
        for (const char *version : {"TLSv1.2", "TLSv1.3"}) {
            settings.session_caching = caching;
            settings.protocols = version;
            ASSERT_EQ(configure(), "");
            End &first = accept();
            first.client = client();
            shake(first);
            first.client->to_write = "x";
            exchange(first);
            exchange(first);
            SSL_SESSION *session = SSL_get1_session(first.client->ssl);
            End &second = accept();
            second.client = client();
            SSL_set_session(second.client->ssl, session);
            SSL_SESSION_free(session);
            shake(second);
            EXPECT_EQ(SSL_session_reused(second.client->ssl), caching) << version;
        }
    }
}

} // namespace
