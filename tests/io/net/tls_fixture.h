// A TLS server end on a fake net, and a client of the library's own as its peer.
#ifndef TESTS_IO_NET_TLS_FIXTURE_H
#define TESTS_IO_NET_TLS_FIXTURE_H

#include "io/net/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_net.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string>
#include <vector>

// A client that only knows the library: bytes go in and out by memory.
class TlsClient
{
  public:
    explicit TlsClient(const char *ca, const char *crt = nullptr, const char *key = nullptr)
        : context_(SSL_CTX_new(TLS_client_method()))
    {
        EXPECT_EQ(SSL_CTX_load_verify_file(context_, ca), 1);
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
        if (crt) {
            EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context_, crt), 1);
            EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_, key, SSL_FILETYPE_PEM), 1);
        }
        ssl = SSL_new(context_);
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl, in_, out_);
        SSL_set_connect_state(ssl);
    }
    TlsClient(const TlsClient &) = delete;
    ~TlsClient()
    {
        SSL_free(ssl);
        SSL_CTX_free(context_);
    }

    // Takes what the server has sent, goes on, and answers what is to be sent.
    std::string step(const std::string &received)
    {
        if (!received.empty())
            BIO_write(in_, received.data(), int(received.size()));
        if (!up && !failed) {
            const int rc = SSL_do_handshake(ssl);
            up = rc == 1;
            failed = rc != 1 && SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ;
        }
        char plain[4096];
        int n = 0;
        while (up && (n = SSL_read(ssl, plain, sizeof plain)) > 0)
            got.append(plain, size_t(n));
        if (up && SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN)
            ended = true;
        else if (up && SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
            failed = true;
        while (up && !to_write.empty()) {
            const int put = SSL_write(ssl, to_write.data(), int(to_write.size()));
            if (put <= 0)
                break;
            to_write.erase(0, size_t(put));
        }
        ERR_clear_error();
        return pending();
    }
    std::string pending()
    {
        char *data = nullptr;
        const long size = BIO_get_mem_data(out_, &data);
        std::string s(data, size_t(size));
        (void)BIO_reset(out_);
        return s;
    }

    SSL *ssl;
    std::string to_write, got;
    bool up = false, failed = false, ended = false;

  private:
    SSL_CTX *context_;
    BIO *in_, *out_;
};

class TlsFixture : public testing::Test
{
  protected:
    // What one connection of the server has seen.
    struct End {
        net_conn conn{};
        int fd = -1;
        std::string got;
        int eof = 0, eof_error = 0, sent = 0, sent_error = 0, closed = 0;
        bool detached = false;
        std::unique_ptr<TlsClient> client;
    };

    TlsFixture()
    {
        char path[] = "/tmp/latchkey-tls-XXXXXX";
        dir = mkdtemp(path);
        certificates = std::make_unique<lk::Certificates>(dir);
        holder = tls_holder_new();
        settings.needs_ca = true;
        settings.session_caching = true;
        settings.session_cache_size = 100;
        settings.session_cache_timeout_s = 300;
        name("server");
        restart();
    }

    ~TlsFixture() override
    {
        net_free(n);
        tls_holder_free(holder);
        std::filesystem::remove_all(dir);
    }

    void name(const std::string &which)
    {
        crt_ = certificates->crt(which);
        key_ = certificates->key(which);
        ca_ = certificates->crt("ca");
        settings.cert_file = crt_.c_str();
        settings.key_file = key_.c_str();
        settings.ca_file = ca_.c_str();
    }

    // The context of the settings of now; "" or why not.
    std::string configure()
    {
        buf why{};
        tls_context *c = tls_context_new(&settings, &why);
        const std::string text(why.data ? why.data : "", why.size);
        buf_release(&why);
        EXPECT_EQ(c == nullptr, !text.empty());
        if (c)
            tls_holder_put(holder, c);
        return text;
    }

    void restart(std::optional<uint64_t> seed = {})
    {
        net_free(n);
        ends.clear();
        by_conn.clear();
        fake = std::make_unique<lk::FakeNet>(seed);
        n = fake->make();
    }

    End &accept(tls_auth auth = TLS_AUTH_NO)
    {
        tls_session *s = tls_session_new(holder, TLS_SERVER, auth);
        EXPECT_NE(s, nullptr);
        return attach(s);
    }

    End &attach(tls_session *s)
    {
        ends.push_back(std::make_unique<End>());
        End &e = *ends.back();
        e.fd = fake->socket();
        net_attach_tls(n, &e.conn, e.fd, s);
        by_conn[&e.conn] = &e;
        return e;
    }

    void detach(End &e)
    {
        e.detached = true;
        net_detach(n, &e.conn);
    }

    std::unique_ptr<TlsClient> client(const char *who = nullptr)
    {
        if (!who)
            return std::make_unique<TlsClient>(ca_.c_str());
        return std::make_unique<TlsClient>(ca_.c_str(), certificates->crt(who).c_str(),
                                           certificates->key(who).c_str());
    }

    // One wait; what it reports is written down and checked against the contract.
    int step(int max = 64)
    {
        std::vector<net_event> events(static_cast<size_t>(max));
        const int count = net_wait(n, events.data(), max, 0);
        EXPECT_LE(count, max);
        for (int i = 0; i < count; i++) {
            const net_event &e = events[static_cast<size_t>(i)];
            End &end = *by_conn.at(e.conn);
            EXPECT_EQ(end.closed, 0);
            EXPECT_TRUE(!end.detached || e.kind == NET_CLOSED);
            switch (e.kind) {
            case NET_DATA:
                EXPECT_GT(e.data.size, 0u);
                EXPECT_EQ(end.eof, 0);
                end.got.append(e.data.data, e.data.size);
                views.emplace_back(e.data, std::string(e.data.data, e.data.size));
                break;
            case NET_EOF:
                EXPECT_EQ(end.eof++, 0);
                end.eof_error = e.error;
                break;
            case NET_SENT:
                end.sent++;
                end.sent_error = e.error;
                break;
            case NET_CLOSED:
                end.closed++;
                break;
            default:
                ADD_FAILURE() << "kind " << e.kind;
            }
        }
        // All bytes of the batch stand still together.
        for (const auto &[data, copy] : views)
            EXPECT_EQ(std::string(data.data, data.size), copy);
        views.clear();
        return count;
    }

    // Bytes to and fro between a connection and its client, at most piece at a time.
    void exchange(End &e, size_t piece = SIZE_MAX)
    {
        std::string out = e.client->step(fake->take(e.fd));
        for (size_t at = 0; at < out.size(); at += piece) {
            fake->send(e.fd, std::string_view(out).substr(at, piece));
            step();
        }
        step();
    }

    void shake(End &e)
    {
        for (int i = 0; i < 20 && !(e.client->up && net_tls_is_up(&e.conn)); i++)
            exchange(e);
        ASSERT_TRUE(net_tls_is_up(&e.conn));
    }

    std::string dir, crt_, key_, ca_;
    std::unique_ptr<lk::Certificates> certificates;
    tls_settings settings{};
    tls_holder *holder;
    std::unique_ptr<lk::FakeNet> fake;
    net *n = nullptr;
    std::vector<std::unique_ptr<End>> ends;
    std::map<net_conn *, End *> by_conn;
    std::vector<std::pair<bytes, std::string>> views;
};

#endif
