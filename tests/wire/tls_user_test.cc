/*
 * tls_user_test.cc — a client's certificate says who he is: tls-auth-clients-user.
 */
#include "tests/support/server.h"
#include "tests/support/tls_client.h"

#include <gtest/gtest.h>

namespace
{

using namespace lk;

/* WHOAMI without its frame. */
std::string name_of(TlsClient &c)
{
    const std::string bulk = c.call("ACL WHOAMI");
    const size_t at = bulk.find("\r\n");
    return bulk[0] == '$' ? bulk.substr(at + 2, bulk.size() - at - 4) : bulk;
}

class TlsUser : public testing::Test
{
  protected:
    TlsUser() : certificates_(dir_.path())
    {
        port_ = free_port();
        server_ = Server::tested({{"tls-port", std::to_string(port_)},
                                  {"tls-cert-file", certificates_.crt("server")},
                                  {"tls-key-file", certificates_.key("server")},
                                  {"tls-ca-cert-file", certificates_.crt("ca")},
                                  {"tls-auth-clients-user", "CN"},
                                  {"io-threads", "2"}});
    }

    std::string who(const char *certificate)
    {
        TlsClient c(certificates_, certificate, port_);
        return name_of(c);
    }

    /* How often a certificate named nobody, and who was named last. */
    std::pair<long, std::string> refused(Client &c)
    {
        const std::string info = c.call({"INFO", "stats"}).text,
                          field = "acl_access_denied_tls_cert:";
        const Reply log = c.call({"ACL", "LOG"});
        std::string last;
        if (!log.items.empty()) {
            const auto &entry = log.items.at(0).items;
            EXPECT_EQ(entry.at(3).text, "tls-cert");
            EXPECT_EQ(entry.at(5).text, "toplevel");
            EXPECT_EQ(entry.at(7).text, "");
            last = entry.at(9).text;
        }
        return {std::atol(info.c_str() + info.find(field) + field.size()), last};
    }

    TempDir dir_;
    Certificates certificates_;
    int port_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(TlsUser, TheCommonNameIsTheUser)
{
    using Refused = std::pair<long, std::string>;
    Client admin = server_->connect();
    EXPECT_EQ(who("client"), "default") << "there is no such user";
    EXPECT_EQ(refused(admin), Refused(1, "client"));
    admin.call({"ACL", "SETUSER", "client", "~a", "+acl|whoami", "+reset", "+get", "+auth"});
    EXPECT_EQ(who("client"), "default") << "he is off";
    EXPECT_EQ(refused(admin), Refused(2, "client"));
    admin.call({"ACL", "SETUSER", "client", "on"});
    {
        TlsClient v(certificates_, "client", port_);
        EXPECT_EQ(name_of(v), "client");
        EXPECT_EQ(v.call("GET a"), "$-1\r\n");
        EXPECT_EQ(v.call("GET b"), "-NOPERM No permissions to access a key\r\n");
        EXPECT_EQ(v.call("AUTH client"),
                  "-ERR AUTH <password> called without any password configured for the default "
                  "user. Are you sure your configuration is correct?\r\n");
        EXPECT_EQ(v.call("AUTH client nonsense").rfind("-WRONGPASS ", 0), 0u)
            << "no password is his";
        EXPECT_EQ(v.call("RESET"), "+RESET\r\n");
        EXPECT_EQ(name_of(v), "default");
    }
    /* Where others need a password he needs none; a plain connection is nobody's. */
    admin.call({"CONFIG", "SET", "requirepass", "p"});
    EXPECT_EQ(who("client"), "client");
    EXPECT_EQ(server_->connect().call({"ACL", "WHOAMI"}).text.rfind("NOAUTH ", 0), 0u);
    {
        TlsClient v(certificates_, "client", port_);
        EXPECT_EQ(name_of(v), "client");
        EXPECT_EQ(admin.call_raw({"ACL", "DELUSER", "client"}), ":1\r\n");
        EXPECT_EQ(name_of(v), "closed");
    }
    EXPECT_EQ(who("client").rfind("-NOAUTH ", 0), 0u);
    admin.call({"CONFIG", "SET", "requirepass", ""});
    admin.call({"ACL", "LOG", "RESET"});
    admin.call({"ACL", "SETUSER", "client", "on", "+@all"});
    admin.call({"CONFIG", "SET", "tls-auth-clients-user", "off"});
    EXPECT_EQ(who("client"), "default");
    EXPECT_EQ(refused(admin), Refused(3, ""));
    EXPECT_EQ(server_->stop(), 0);
}

/* What nobody vouches for names nobody. */
TEST_F(TlsUser, OnlyACertificateThatWasChecked)
{
    using Refused = std::pair<long, std::string>;
    Client admin = server_->connect();
    Certificates::Options o;
    o.common_name = std::string("root\0.example", 13);
    certificates_.make("zero", o);
    for (const char *user : {"client", "root"})
        admin.call({"ACL", "SETUSER", user, "on", "+@all", "~*"});
    EXPECT_EQ(who("zero"), "default");
    EXPECT_EQ(refused(admin), Refused(1, o.common_name));
    EXPECT_EQ(admin.call_raw({"CONFIG", "SET", "tls-auth-clients", "optional"}), "+OK\r\n");
    EXPECT_EQ(who("client"), "client");
    EXPECT_EQ(who(nullptr), "default");
    EXPECT_EQ(admin.call_raw({"CONFIG", "SET", "tls-auth-clients", "no"}), "+OK\r\n");
    EXPECT_EQ(who("client"), "default") << "nobody has asked for it";
    EXPECT_EQ(refused(admin), Refused(1, o.common_name));
    EXPECT_EQ(server_->stop(), 0);
}

/* A session that is taken up again is still that client's, and a later one's is not his. */
TEST_F(TlsUser, ASessionThatIsTakenUpAgain)
{
    Client admin = server_->connect();
    admin.call({"ACL", "SETUSER", "client", "on", "+@all", "~*"});
    SSL_SESSION *session;
    {
        TlsClient first(certificates_, "client", port_);
        EXPECT_EQ(name_of(first), "client"); /* and the ticket has come with that */
        session = SSL_get1_session(first.ssl());
    }
    {
        TlsClient again(certificates_, nullptr, port_, session);
        EXPECT_TRUE(SSL_session_reused(again.ssl()));
        EXPECT_EQ(name_of(again), "client");
    }
    admin.call({"ACL", "DELUSER", "client"});
    {
        TlsClient again(certificates_, nullptr, port_, session);
        EXPECT_EQ(name_of(again), "default");
    }
    SSL_SESSION_free(session);
    EXPECT_EQ(server_->stop(), 0);
}

TEST_F(TlsUser, TheFirstAddressThatIsAUser)
{
    using Refused = std::pair<long, std::string>;
    Client admin = server_->connect();
    Certificates::Options o;
    o.more_names = ",URI:spiffe://a/one,URI:spiffe://a/two";
    certificates_.make("many", o);
    EXPECT_EQ(admin.call_raw({"CONFIG", "SET", "tls-auth-clients-user", "uri"}), "+OK\r\n");
    EXPECT_EQ(admin.call({"CONFIG", "GET", "tls-auth-clients-user"}).items.at(1).text, "URI");
    EXPECT_EQ(who("client"), "default") << "it has none";
    EXPECT_EQ(refused(admin), Refused(0, ""));
    EXPECT_EQ(who("many"), "default");
    EXPECT_EQ(refused(admin), Refused(1, "spiffe://a/one"));
    admin.call({"ACL", "SETUSER", "many", "on", "+@all"});
    admin.call({"ACL", "SETUSER", "spiffe://a/two", "on", "+@all"});
    EXPECT_EQ(who("many"), "spiffe://a/two");
    admin.call({"ACL", "SETUSER", "spiffe://a/one", "on", "+@all"});
    EXPECT_EQ(who("many"), "spiffe://a/one");
    EXPECT_EQ(server_->stop(), 0);
}

} // namespace
