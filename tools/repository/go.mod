// What `make lint` and `make licenses` hold the repository to.
module istio-tutorial/tools/repository

go 1.26

require github.com/google/licensecheck v0.3.1
