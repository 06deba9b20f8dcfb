// The portal (市民): reporting and following without an account. Kept light: no Ant Design here.

import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { SignInPage } from "../../shared/session/sign_in_page";
import { Loading } from "../../shared/ui/parts";
import { Frame } from "./frame";
import { Home } from "./home/home";
import { NoSuchPage } from "./no_such_page";
import "./portal.css";

const Report = lazy(() => import("./report/screen"));
const Follow = lazy(() => import("./follow/screen"));
const Standards = lazy(() => import("./standards/screen"));
const Notices = lazy(() => import("./notices/screen"));
const OpenData = lazy(() => import("./opendata/screen"));
const Publicity = lazy(() => import("./publicity/screen"));
const Records = lazy(() => import("./records/screen"));
const Verify = lazy(() => import("./verify/screen"));
const Account = lazy(() => import("./account/screen"));

export default function Portal() {
  return (
    <Suspense fallback={<Frame><Loading /></Frame>}>
      <Routes>
        <Route index element={<Home />} />
        <Route path="/report" element={<Report />} />
        <Route path="/follow" element={<Follow />} />
        <Route path="/standards" element={<Standards />} />
        <Route path="/notices/*" element={<Notices />} />
        <Route path="/open-data/*" element={<OpenData />} />
        <Route path="/publicity/*" element={<Publicity />} />
        <Route path="/records" element={<Records />} />
        <Route path="/verify" element={<Verify />} />
        <Route path="/account" element={<Account />} />
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="*" element={<NoSuchPage />} />
      </Routes>
    </Suspense>
  );
}
