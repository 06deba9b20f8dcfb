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
const Account = lazy(() => import("./account/screen"));

export default function Portal() {
  return (
    <Suspense fallback={<Frame><Loading /></Frame>}>
      <Routes>
        <Route index element={<Home />} />
        <Route path="/report" element={<Report />} />
        <Route path="/follow" element={<Follow />} />
        <Route path="/standards" element={<Standards />} />
        <Route path="/account" element={<Account />} />
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="*" element={<NoSuchPage />} />
      </Routes>
    </Suspense>
  );
}
