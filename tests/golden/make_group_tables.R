# Parameter tables of models with several groups, lavaan's example data HolzingerSwineford1939 (groups by `school`).
# usage: Rscript make_group_tables.R > group_tables.json
# A row: group, lhs, op, rhs, kind, fixed value, label; "-" where there is none (labels that lavaan makes itself are left out).
# A binding: the names of two parameters that lavaan's "==" rows hold equal, as coef() names them.
suppressMessages(library(lavaan))
m <- "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6"
second <- paste0(m, "\nspeed =~ x7+x8+x9\ng =~ visual+textual+speed")
structural <- paste0(m, "\ntextual ~ visual + ageyr\nx9 ~ textual\nx1 ~~ x4\nvisual ~~ x9")
mixed <- paste0(m, "\nvisual ~~ x9\nx7 ~ x8 + ageyr\nageyr ~~ ageyr\nx8 ~~ ageyr\nx7 ~~ x9\ntextual ~~ ageyr")
growth <- "i =~ 1*x1+1*x2+1*x3\ns =~ 0*x1+1*x2+2*x3\ni + s ~ ageyr"
all_kinds <- c("loadings", "intercepts", "means", "regressions", "residuals", "residual.covariances", "lv.variances", "lv.covariances")
cases <- list(
 list("configural", "cfa", m),
 list("loadings", "cfa", m, group.equal="loadings"),
 list("scalar", "cfa", m, group.equal=c("loadings","intercepts")),
 list("strict", "cfa", m, group.equal=c("loadings","intercepts","residuals")),
 list("everything equal", "cfa", m, group.equal=all_kinds),
 list("partial", "cfa", m, group.equal=c("loadings","intercepts","lv.covariances"), group.partial=c("visual=~x3","x5~1","x1 ~ 1")),
 list("std.lv scalar", "cfa", m, std.lv=TRUE, group.equal=c("loadings","intercepts")),
 list("std.lv loadings, endogenous", "sem", paste0(m, "\ntextual ~ visual"), std.lv=TRUE, group.equal="loadings"),
 list("std.lv variances equal", "cfa", m, std.lv=TRUE, group.equal=c("loadings","lv.variances")),
 list("std.lv written variance", "cfa", paste0(m, "\nvisual ~~ 1*visual"), std.lv=TRUE, group.equal="loadings"),
 list("labels and numbers", "cfa", "visual =~ x1+a*x2+c(b,c)*x3\ntextual =~ c(1,NA)*x4+c(0.5,.8)*x5+start(c(.5,.6))*x6+x7"),
 list("label twice in each group", "cfa", "v =~ x1+x2+c(b1,b2)*x3+c(b1,b2)*x4\nd := b1-b2"),
 list("single label twice", "cfa", "v =~ x1+a*x2+b*x3\nt =~ x4+a*x5+x6"),
 list("own labels win over group.equal", "cfa", "visual =~ x1+c(a,b)*x2+c(k,k)*x3+a2*x4", group.equal="loadings"),
 list("equal within each group", "cfa", "v =~ x1+x2+equal(c('v=~x2','v=~x2.g2'))*x3"),
 list("single equal", "cfa", "v =~ x1+x2+equal('v=~x2')*x3"),
 list("markers with values per group", "cfa", "t =~ c(a,b)*x4+x5+x6\ns =~ c(NA,1)*x7+x8+x9\nv =~ NA*x1+x2+x3\nv ~~ 1*v"),
 list("written latent means", "cfa", paste0(m, "\nvisual ~ 0*1\ntextual ~ c(0,NA)*1"), group.equal="intercepts"),
 list("written intercept", "cfa", paste0(m, "\nx1 ~ 0*1\nvisual ~ 1"), group.equal="intercepts"),
 list("labelled intercepts", "cfa", "v =~ x1+x2+x3\nx1 ~ c(i1,i2)*1\ni1 == i2", group.equal="intercepts"),
 list("effect coding", "cfa", m, effect.coding=TRUE),
 list("effect coding scalar", "cfa", m, effect.coding=TRUE, group.equal=c("loadings","intercepts")),
 list("effect coding with a fixed loading", "cfa", "v =~ c(NA,1)*x1+x2+x3", effect.coding=TRUE),
 list("growth", "growth", growth),
 list("growth equal", "growth", growth, group.equal=c("intercepts","means","regressions")),
 list("structural", "sem", structural),
 list("structural, all equal", "sem", structural, group.equal=all_kinds),
 list("structural, intercepts", "sem", structural, group.equal="intercepts"),
 list("random predictor", "sem", paste0(m, "\nvisual ~ ageyr"), fixed.x=FALSE, group.equal=c("residuals","intercepts","residual.covariances","regressions")),
 list("path", "sem", "x1 ~ x2 + x3\nx4 ~ x1 + x2\nx1 ~~ x4", group.equal=c("intercepts","residuals","residual.covariances","regressions")),
 list("mixed residual covariances", "sem", mixed, group.equal="residual.covariances"),
 list("mixed factor covariances", "sem", mixed, group.equal="lv.covariances"),
 list("mixed residuals", "sem", mixed, group.equal="residuals"),
 list("mixed intercepts", "sem", mixed, group.equal="intercepts"),
 list("second order", "cfa", second, group.equal=c("loadings","intercepts")),
 list("single indicator", "cfa", "v =~ x1\nt =~ x4+x5+x6", group.equal=c("loadings","residuals")),
 list("orthogonal", "cfa", m, orthogonal=TRUE, group.equal=c("loadings","lv.covariances")),
 list("without means", "cfa", m, meanstructure=FALSE, group.equal="loadings"),
 list("three groups", "cfa", "v =~ x1+x2+x3+c(a,b,c)*x4", group="g3", group.equal=c("loadings","intercepts")),
 list("blocks", "sem", paste0("group: 1\n", m, "\ntextual ~ visual\ngroup: 2\n", m, "\nx1 ~~ x2"), group.equal="loadings"),
 list("blocks in another order", "cfa", "group: 1\nv =~ x1+x2+x3\nt =~ x4+x5+x6\ngroup: 2\nt =~ x4+x5+x6\nv =~ x1+.7*x3+x2", group.equal=c("residuals","lv.variances"))
)
data <- HolzingerSwineford1939
data$g3 <- rep(c("A","B","C"), length.out=nrow(data))
text <- function(s) paste0("\"", gsub("\n", "\\\\n", gsub("\"", "'", s)), "\"")
value <- function(v) if (is.logical(v)) tolower(v) else if (length(v) == 1) text(v) else paste0("[", paste(sapply(v, text), collapse=", "), "]")
out <- c()
for (case in cases) {
 options <- case[-(1:3)]
 if (is.null(options[["group"]])) options[["group"]] <- "school"
 fit <- suppressWarnings(do.call(case[[2]], c(list(model=case[[3]], data=data, do.fit=FALSE), options)))
 pt <- parTable(fit)
 rows <- pt[pt$op %in% c("=~","~","~~","~1"),]
 name <- paste0(rows$lhs, rows$op, rows$rhs, ifelse(rows$group == 1, "", paste0(".g", rows$group)))
 label <- ifelse(grepl("^\\.p", rows$label), "", rows$label)
 kind <- ifelse(rows$exo == 1, "exogenous", ifelse(rows$free > 0, "free", "fixed"))
 or_dash <- function(s) ifelse(s == "", "-", s)
 lines <- sprintf('"%d %s %s %s %s %s %s"', rows$group, rows$lhs, rows$op, or_dash(rows$rhs), kind, ifelse(kind == "fixed", format(rows$ustart, trim=TRUE), "-"), or_dash(label))
 ties <- pt[pt$op == "==" & pt$lhs %in% rows$plabel & pt$rhs %in% rows$plabel,]
 bindings <- sprintf('["%s", "%s"]', name[match(ties$lhs, rows$plabel)], name[match(ties$rhs, rows$plabel)])
 fitted <- suppressWarnings(do.call(case[[2]], c(list(model=case[[3]], data=data, se="none", baseline=FALSE), options)))
 npar <- tryCatch(as.integer(fitMeasures(fitted, "npar")), error=function(e) "null") # where lavaan finds no minimum
 shown <- paste(sprintf('"%s": %s', gsub(".", "_", names(options), fixed=TRUE), sapply(options, value)), collapse=", ")
 out <- c(out, sprintf('  {"name": "%s", "preset": "%s", "model": %s, "options": {%s}, "npar": %s,\n   "bindings": [%s],\n   "rows": [\n    %s]}', case[[1]], case[[2]], text(case[[3]]), shown, npar, paste(bindings, collapse=", "), paste(lines, collapse=",\n    ")))
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")), '", "script": "make_group_tables.R"},\n"cases": [\n', paste(out, collapse=",\n"), '\n]}\n', sep="")
