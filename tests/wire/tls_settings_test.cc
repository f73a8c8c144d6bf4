/*
 * tls_settings_test.cc — the tls- directives while the server runs.
 */
#include "tests/support/server.h"
#include "tests/support/tls_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace
{

using namespace lk;

class TlsSettings : public testing::Test
{
  protected:
    TlsSettings() : certificates_(dir_.path())
    {
    }

    Server::Directives with_tls(const Server::Directives &more = {})
    {
        port_ = free_port();
        Server::Directives all = {{"tls-port", std::to_string(port_)},
                                  {"tls-cert-file", certificates_.crt("server")},
                                  {"tls-key-file", certificates_.key("server")},
                                  {"tls-ca-cert-file", certificates_.crt("ca")}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    std::string ping(const char *who)
    {
        return TlsClient(certificates_, who, port_).call("PING");
    }

    TempDir dir_;
    Certificates certificates_;
    int port_ = 0;
};

/* Certificates and rules change in a row while clients come: each is served by the old or the new.
 */
TEST_F(TlsSettings, SettingsChangeUnderLoad)
{
    enum { THREADS = 3, ROUNDS = 30 };
    const auto server = Server::tested(with_tls({{"tls-auth-clients", "no"}, {"io-threads", "3"}}));
    certificates_.make("other");
    std::atomic<bool> stop{false};
    std::atomic<int> good{0}, all{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&] {
            while (!stop) {
                TlsClient c(certificates_, nullptr, port_);
                all++;
                good += c.call("PING") == "+PONG\r\n";
            }
        });
    Client admin = server->connect();
    for (int i = 0; i < ROUNDS; i++) {
        const char *who = i % 2 ? "server" : "other";
        EXPECT_EQ(admin.call_raw({"config", "set", "tls-cert-file", certificates_.crt(who),
                                  "tls-key-file", certificates_.key(who), "tls-session-caching",
                                  i % 3 ? "yes" : "no", "tls-protocols",
                                  i % 4 ? "TLSv1.2 TLSv1.3" : "TLSv1.3"}),
                  "+OK\r\n");
        EXPECT_EQ(admin.call({"config", "set", "tls-key-file", "/none"}).type, '-');
    }
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (all < THREADS * 4 && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    stop = true;
    for (auto &t : threads)
        t.join();
    EXPECT_EQ(good, all);
    EXPECT_EQ(server->stop(), 0);
}

/* Each directive while it runs: what is bad leaves all as it was, what is good holds at once. */
TEST_F(TlsSettings, EachSettingByItself)
{
    Certificates::Options o;
    o.password = "1234";
    certificates_.make("locked", o);
    o = {};
    o.signer = "stranger";
    o.authority = true;
    certificates_.make("stranger", o);
    const std::string none = dir_.path() + "/none", hashed = dir_.path() + "/hashed",
                      dh = dir_.path() + "/dh.pem";
    std::filesystem::create_directory(hashed);
    const std::string hash =
        run_program({"openssl", "x509", "-hash", "-noout", "-in", certificates_.crt("ca")}).output;
    ASSERT_GE(hash.size(), 8u) << hash;
    std::filesystem::copy(certificates_.crt("ca"), hashed + "/" + hash.substr(0, 8) + ".0");
    run_program({"openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt",
                 "group:ffdhe2048", "-out", dh});
    ASSERT_TRUE(std::filesystem::exists(dh));
    const auto server = Server::tested(with_tls());
    Client c = server->connect();
    const auto set = [&](const Args &pairs) {
        Args words = {"config", "set"};
        words.insert(words.end(), pairs.begin(), pairs.end());
        return c.call(words).text;
    };
    struct {
        std::string name;
        Args bad;  /* values that are refused */
        Args good; /* values that are taken, the last of them for good */
    } rows[] = {
        {"tls-protocols", {"SSLv9"}, {"TLSv1.2", "TLSv1.3", ""}},
        {"tls-ciphers", {"nope"}, {"ECDHE-ECDSA-AES128-GCM-SHA256", ""}},
        {"tls-ciphersuites", {"nope"}, {"TLS_CHACHA20_POLY1305_SHA256", ""}},
        {"tls-prefer-server-ciphers", {"perhaps"}, {"yes", "no"}},
        {"tls-dh-params-file", {none, certificates_.key("ca")}, {dh, ""}},
        {"tls-ca-cert-file", {none, certificates_.key("ca")}, {certificates_.crt("ca")}},
        {"tls-client-cert-file", {}, {certificates_.crt("client")}},
        {"tls-client-key-file", {none, certificates_.key("ca")}, {certificates_.key("client")}},
        {"tls-client-cert-file", {none, certificates_.crt("ca")}, {certificates_.crt("client")}},
        {"tls-session-caching", {"perhaps"}, {"no", "yes"}},
        {"tls-session-cache-size", {"-1", "x"}, {"0", "100"}},
        {"tls-session-cache-timeout", {"-1", "x"}, {"1", "60"}},
        {"tls-auth-clients", {"perhaps"}, {"no", "optional", "yes"}},
        {"tls-auth-clients-user", {"perhaps"}, {"CN", "URI", "off"}},
    };
    for (const auto &r : rows) {
        const std::string before = c.call({"config", "get", r.name}).items.at(1).text;
        for (const std::string &value : r.bad) {
            EXPECT_EQ(set({r.name, value}).rfind("ERR CONFIG SET failed", 0), 0u)
                << r.name << " " << value;
            EXPECT_EQ(c.call({"config", "get", r.name}).items.at(1).text, before) << r.name;
            EXPECT_EQ(ping("client"), "+PONG\r\n") << r.name << " " << value;
        }
        for (const std::string &value : r.good) {
            EXPECT_EQ(set({r.name, value}), "OK") << r.name << " " << value;
            EXPECT_EQ(c.call({"config", "get", r.name}).items.at(1).text, value) << r.name;
            EXPECT_EQ(ping("client"), "+PONG\r\n") << r.name << " " << value;
        }
    }
    /* Authorities by the names of their files. */
    EXPECT_EQ(set({"tls-ca-cert-dir", hashed, "tls-ca-cert-file", ""}), "OK");
    EXPECT_EQ(ping("client"), "+PONG\r\n");
    EXPECT_EQ(set({"tls-ca-cert-file", certificates_.crt("stranger"), "tls-ca-cert-dir", ""}),
              "OK");
    EXPECT_NE(ping("client"), "+PONG\r\n") << "nobody vouches for the client any more";
    EXPECT_EQ(set({"tls-auth-clients", "optional"}), "OK");
    EXPECT_EQ(ping(nullptr), "+PONG\r\n");
    EXPECT_NE(ping("client"), "+PONG\r\n") << "who shows one must show a good one";
    /* A key and its password. */
    const Args locked = {"tls-cert-file", certificates_.crt("locked"), "tls-key-file",
                         certificates_.key("locked")};
    Args more = locked;
    EXPECT_EQ(set(locked).rfind("ERR ", 0), 0u);
    more.insert(more.end(), {"tls-key-file-pass", "wrong"});
    EXPECT_EQ(set(more).rfind("ERR ", 0), 0u);
    more.back() = "1234";
    EXPECT_EQ(set(more), "OK");
    EXPECT_EQ(ping(nullptr), "+PONG\r\n");
    EXPECT_EQ(server->log().find("1234"), std::string::npos);
    EXPECT_EQ(server->stop(), 0);
}

} // namespace
