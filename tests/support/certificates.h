/*
 * certificates.h — certificates of an authority that a test has made for itself.
 *
 * Each is a file NAME.crt beside its key NAME.key in one directory.  Keys are on the curve P-256,
 * which takes no time to make.
 */
#ifndef LK_TEST_CERTIFICATES_H
#define LK_TEST_CERTIFICATES_H

#include <string>

namespace lk
{

class Certificates
{
  public:
    struct Options {
        std::string signer = "ca";  /* the name of the one that signs */
        std::string password;       /* the key's; empty: none */
        long from_s = -3600;        /* valid from, against now */
        long until_s = 24 * 3600;   /* valid until */
        bool authority = false;     /* may it sign others? */
        bool append_signer = false; /* the file has the signer's certificate, too */
        std::string common_name;    /* bytes; empty: the name of the files */
        std::string more_names;     /* ",URI:a:b": what else it is called */
    };

    /* Makes an authority "ca", and "server" and "client" that it has signed. */
    explicit Certificates(const std::string &directory);

    void make(const std::string &name, const Options &options);
    void make(const std::string &name)
    {
        make(name, Options{});
    }
    std::string crt(const std::string &name) const
    {
        return directory_ + "/" + name + ".crt";
    }
    std::string key(const std::string &name) const
    {
        return directory_ + "/" + name + ".key";
    }

  private:
    std::string directory_;
    long serial_ = 1;
};

} // namespace lk

#endif
