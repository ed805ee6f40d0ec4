"""The scenarios that come with the package, as data, grouped by what is hard about them."""
