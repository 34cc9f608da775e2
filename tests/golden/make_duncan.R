# Peer influences on ambition: correlations published by Duncan, Haller & Portes (1968), n = 329.
# usage: Rscript make_duncan.R > duncan.json        (lavaan only; the JSON is written by hand to need nothing else)
suppressMessages(library(lavaan))
names <- c("ROccAsp", "REdAsp", "FOccAsp", "FEdAsp", "RParAsp", "RIQ", "RSES", "FSES", "FIQ", "FParAsp")
lower <- "
.6247
.3269 .3669
.4216 .3275 .6404
.2137 .2742 .1124 .0839
.4105 .4043 .2903 .2598 .1839
.3240 .4047 .3054 .2786 .0489 .2220
.2930 .2407 .4105 .3607 .0186 .1861 .2707
.2995 .2863 .5191 .5007 .0782 .3355 .2302 .2950
.0760 .0702 .2784 .1988 .1147 .1021 .0931 -.0438 .2087
"
r <- getCov(lower, diagonal = FALSE, names = names)
model <- "RGenAsp =~ ROccAsp + REdAsp
FGenAsp =~ FOccAsp + FEdAsp
RGenAsp ~ RParAsp + RIQ + RSES + FSES + b12*FGenAsp
FGenAsp ~ RSES + FSES + FIQ + FParAsp + b21*RGenAsp
RGenAsp ~~ FGenAsp
gain := b12*b21"
f <- sem(model, sample.cov = r, sample.nobs = 329, likelihood = "wishart")
pe <- parameterEstimates(f, standardized = TRUE)
number <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 12, format = "g"))
row <- function(i) sprintf('    {"lhs": "%s", "op": "%s", "rhs": "%s", "est": %s, "se": %s, "std_all": %s}',
  pe$lhs[i], pe$op[i], pe$rhs[i], number(pe$est[i]), number(pe$se[i]), number(pe$std.all[i]))
fm <- fitMeasures(f, c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "npar", "aic", "logl"))
cat('{\n  "_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_duncan.R"},\n  "n_obs": 329,\n  "options": {"likelihood": "wishart"},\n', sep = "")
cat('  "names": [', paste0('"', names, '"', collapse = ", "), '],\n', sep = "")
cat('  "correlations": [', paste(apply(r, 1, function(x) paste0("[", paste(number(x), collapse = ", "), "]")), collapse = ",\n    "), '],\n', sep = "")
cat('  "model": "', gsub("\n", "\\\\n", model), '",\n', sep = "")
cat('  "estimates": [\n', paste(sapply(seq_len(nrow(pe)), row), collapse = ",\n"), '\n  ],\n', sep = "")
cat('  "fit_measures": {', paste(sprintf('"%s": %s', names(fm), number(fm)), collapse = ", "), '}\n}\n', sep = "")
