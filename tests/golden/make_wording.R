# Wording effects in the intergroup path: the texts that TrustModel renders, by lavaan.
# usage: python make_wording_input.py FOLDER; Rscript make_wording.R FOLDER/wording.csv FOLDER/wording_KIND.sem KIND > wording_KIND.json
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
model <- paste(sub("#.*", "", readLines(args[2])), collapse = "\n")
f <- sem(model, read.csv(args[1]))
pe <- parameterEstimates(f, standardized = TRUE)
number <- function(x) ifelse(is.na(x), "null", formatC(x, digits = 12, format = "g", width = 1))
row <- function(i) sprintf('    {"lhs": "%s", "op": "%s", "rhs": "%s", "est": %s, "se": %s, "std_all": %s}',
  pe$lhs[i], pe$op[i], pe$rhs[i], number(pe$est[i]), number(pe$se[i]), number(pe$std.all[i]))
fm <- fitMeasures(f, c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "npar", "aic", "logl", "baseline.chisq"))
cat('{\n  "_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")),
  '", "script": "make_wording.R", "data": "data/wording.csv"},\n  "wording": "', args[3], '",\n  "n_obs": ', lavInspect(f, "nobs"), ',\n', sep = "")
cat('  "estimates": [\n', paste(sapply(seq_len(nrow(pe)), row), collapse = ",\n"), '\n  ],\n', sep = "")
cat('  "fit_measures": {', paste(sprintf('"%s": %s', gsub("[.]", "_", names(fm)), number(fm)), collapse = ", "), '}\n}\n', sep = "")
